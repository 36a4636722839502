from odoo import models


class ServiceCreditAccount(models.Model):
    _inherit = "service.credit.account"

    def _merge_into(self, target):
        """A loyalty run that began before the merge must notice it, even if no credits moved.

        Touching the target makes the run's lock on it fail, so that it starts anew and sees
        what the merged client had already received.
        """
        result = super()._merge_into(target)
        self.env.cr.execute(
            "UPDATE service_credit_account SET write_date = now() AT TIME ZONE 'UTC' WHERE id = %s",
            [target.id],
        )
        return result

    def _get_loyalty_recipient(self):
        """Who is told about free credits: the client, else its first contact with an address."""
        self.ensure_one()
        client = (self.merged_into_id or self).partner_id
        if not client.active:
            return client.browse()
        return client if client.email else client.child_ids.filtered("email")[:1]
