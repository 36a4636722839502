from odoo import fields, models
from odoo.exceptions import UserError
from odoo.tools import groupby


class ServiceCreditSeniority(models.TransientModel):
    """Propose the start dates of clients from their first posted invoice: read, correct, apply."""

    _name = "service.credit.seniority"
    _description = "Seniority From Invoices"

    scope = fields.Selection(
        [
            ("missing", "Clients without a start date"),
            ("later", "Also clients whose start date is later than their first invoice"),
        ],
        "For",
        required=True,
        default="missing",
    )
    line_ids = fields.One2many("service.credit.seniority.line", "wizard_id", "Proposals")

    def action_propose(self):
        """Show the list; nothing is changed."""
        self.ensure_one()
        self.env["service.credit.account"]._check_manager()
        self._fill()
        return self._show()

    def _fill(self):
        """One statement, over the companies that the user works in."""
        self.line_ids.unlink()
        self.env["account.move"].flush_model()
        self.env["res.partner"].flush_model()
        self.env.cr.execute(
            """
            INSERT INTO service_credit_seniority_line
                   (wizard_id, partner_id, move_id, current_date_, proposed_date,
                    create_uid, write_uid, create_date, write_date)
            SELECT %(wizard)s, p.id, first.id, p.service_credit_since, first.invoice_date,
                   %(user)s, %(user)s, %(now)s, %(now)s
              FROM (SELECT DISTINCT ON (commercial_partner_id)
                           id, commercial_partner_id, invoice_date
                      FROM account_move
                     WHERE move_type = 'out_invoice'
                       AND state = 'posted'
                       AND invoice_date IS NOT NULL
                       AND company_id = ANY(%(companies)s)
                     ORDER BY commercial_partner_id, invoice_date, id) first
              JOIN res_partner p ON p.id = first.commercial_partner_id
             WHERE p.active
               AND (p.company_id IS NULL OR p.company_id = ANY(%(companies)s))
               AND (p.service_credit_since IS NULL
                    OR (%(later)s AND p.service_credit_since > first.invoice_date))
             ORDER BY first.invoice_date, p.id
            """,
            {
                "wizard": self.id,
                "user": self.env.uid,
                "now": fields.Datetime.now(),
                "companies": self.env.companies.ids,
                "later": self.scope == "later",
            },
        )
        self.env["service.credit.seniority.line"].invalidate_model()
        self.invalidate_recordset(["line_ids"])

    def _show(self):
        action = self.env["ir.actions.act_window"]._for_xml_id(
            "service_credits.service_credit_seniority_line_action"
        )
        action["domain"] = [("wizard_id", "=", self.id)]
        action["context"] = {"service_credit_seniority_id": self.id}
        return action

    def _apply(self, lines):
        """Write the dates of `lines`; each change is tracked on the client."""
        self.ensure_one()
        self.env["service.credit.account"]._check_manager()
        count = 0
        for day, same in groupby(lines.filtered("proposed_date"), lambda line: line.proposed_date):
            partners = self.env["res.partner"].union(*(line.partner_id for line in same))
            # sudo: dating clients is the manager's work, who need not edit contacts otherwise.
            partners.sudo().write({"service_credit_since": day})
            count += len(partners)
        lines.unlink()
        return {
            "type": "ir.actions.client",
            "tag": "display_notification",
            "params": {
                "type": "success",
                "message": self.env._("%(count)s start dates set.", count=count),
                "next": self._show(),
            },
        }


class ServiceCreditSeniorityLine(models.TransientModel):
    """One proposed start date."""

    _name = "service.credit.seniority.line"
    _description = "Proposed Start Date"
    _order = "id"
    _rec_name = "partner_id"

    wizard_id = fields.Many2one(
        "service.credit.seniority", required=True, index=True, ondelete="cascade"
    )
    partner_id = fields.Many2one("res.partner", "Client", readonly=True, ondelete="cascade")
    move_id = fields.Many2one("account.move", "First invoice", readonly=True, ondelete="cascade")
    current_date_ = fields.Date("Client since", readonly=True)
    proposed_date = fields.Date("Proposed")

    def action_apply(self):
        """The list's button: apply the selected lines, or all when none is selected."""
        wizard = self.env["service.credit.seniority"].browse(
            self.env.context.get("service_credit_seniority_id")
        )
        if not wizard.exists():
            raise UserError(self.env._("This list is too old: make it again."))
        return wizard._apply(self or wizard.line_ids)
