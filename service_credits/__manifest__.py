{
    "name": "Service Credits",
    "summary": "Sell packs of prepaid service credits, quote interventions in credits, "
    "let clients decide in a click",
    "version": "19.0.1.0.0",
    "category": "Sales/Sales",
    "author": "Service Credits",
    "license": "LGPL-3",
    "depends": ["sale"],
    "data": [
        "security/service_credits_security.xml",
        "security/ir.model.access.csv",
        "security/service_credit_rules.xml",
        "views/service_credits_menus.xml",
    ],
    "demo": [],
    "assets": {},
    "application": True,
    "uninstall_hook": "uninstall_hook",
}
