from odoo import api, models


class BasePartnerMergeAutomaticWizard(models.TransientModel):
    _inherit = "base.partner.merge.automatic.wizard"

    @api.model
    def _update_foreign_keys(self, src_partners, dst_partner):
        """Move the credits first: Odoo's update would abort on a second account of the client."""
        self._merge_service_credit_accounts(src_partners, dst_partner)
        return super()._update_foreign_keys(src_partners, dst_partner)

    @api.model
    def _merge_service_credit_accounts(self, sources, destination):
        # sudo: whoever may merge partners need not read the ledger, which follows them.
        accounts = (
            self.env["service.credit.account"]
            .sudo()
            .search([("partner_id", "in", sources.ids), ("merged_into_id", "=", False)], order="id")
        )
        client = destination.commercial_partner_id
        for company, company_accounts in accounts.grouped("company_id").items():
            present = accounts._find(client, company)
            if not present and len(company_accounts) == 1 and client == destination:
                continue  # Odoo's own update of the foreign key carries the account along
            target = accounts._for_partner(client, company)
            for account in company_accounts - target:
                account._merge_into(target)
