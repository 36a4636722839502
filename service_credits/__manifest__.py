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
        "data/service_credit_cron_data.xml",
        "wizard/service_credit_adjust_views.xml",
        "wizard/service_credit_transfer_views.xml",
        "views/service_credits_menus.xml",
        "report/service_credit_statement_templates.xml",
        "views/portal_credit_templates.xml",
        "views/service_credit_account_views.xml",
        "views/service_credit_lot_views.xml",
        "views/service_credit_hold_views.xml",
        "views/service_credit_entry_views.xml",
        "views/service_credit_reconciliation_views.xml",
        "views/res_partner_views.xml",
    ],
    "demo": [],
    "assets": {
        "web.assets_frontend": [
            "service_credits/static/src/interactions/**/*.js",
            "service_credits/static/src/scss/**/*.scss",
        ],
        "web.assets_tests": [
            "service_credits/static/tests/tours/**/*.js",
        ],
        "web.assets_unit_tests": [
            "service_credits/static/tests/**/*.test.js",
        ],
        "web.assets_unit_tests_setup": [
            "service_credits/static/src/interactions/**/*.js",
        ],
    },
    "application": True,
    "uninstall_hook": "uninstall_hook",
}
