{
    "name": "Service Credits: Satisfaction",
    "summary": "Ask clients how satisfied they are with a delivered intervention",
    "version": "19.0.1.0.0",
    "category": "Sales/Sales",
    "author": "Service Credits",
    "license": "LGPL-3",
    "depends": ["service_credits", "rating"],
    "data": [
        "data/mail_template_data.xml",
        "views/service_intervention_views.xml",
    ],
    "auto_install": True,
}
