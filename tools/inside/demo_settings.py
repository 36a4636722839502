"""Settings that only the demo database needs: ARGUMENT is the address at which it is served."""

import sys

from . import environment

if __name__ == "__main__":
    with environment() as env:
        parameters = env["ir.config_parameter"].sudo()
        parameters.set_param("web.base.url", sys.argv[3])
        parameters.set_param("web.base.url.freeze", "True")
        # So that a newcomer can pay online; these move no money.
        providers = env["payment.provider"].search([("code", "in", ("demo", "custom"))])
        for provider in providers:
            provider.write({"state": "test" if provider.code == "demo" else "enabled"})
            provider.is_published = True
        # Odoo's own demo data would fill the mail box with notices that tell nothing of credits.
        waiting = env["mail.mail"].search([("state", "in", ("outgoing", "exception"))])
        waiting.filtered(lambda mail: not (mail.model or "").startswith("service.")).unlink()
        # A demo tells nobody that it exists.
        cron = env.ref("mail.ir_cron_module_update_notification", raise_if_not_found=False)
        if cron:
            cron.active = False
        env.cr.commit()
