from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.tools import SQL, split_every

from ..models.service_credit_program_grants import BATCH


class ServiceCreditLoyalty(models.TransientModel):
    """Dry run of the loyalty programs: who would get what and why, then grant exactly that.

    The list is made by the same statement as the daily run. Confirming computes it again: when
    something changed since it was read (a date, a client, another run), nothing is granted and the
    new list is shown.
    """

    _name = "service.credit.loyalty"
    _description = "Loyalty Dry Run"

    company_id = fields.Many2one(
        "res.company", required=True, default=lambda self: self.env.company
    )
    program_ids = fields.Many2many(
        "service.credit.program",
        string="Programs",
        compute="_compute_program_ids",
        store=True,
        readonly=False,
        domain="[('company_id', '=', company_id), ('start_date', '!=', False)]",
    )
    date = fields.Date(
        "As of", required=True, default=fields.Date.context_today,
        help="Credits are granted as of today only; a later day shows what is coming.",
    )  # fmt: skip
    line_ids = fields.One2many("service.credit.loyalty.line", "wizard_id", "Grants")

    @api.depends("company_id")
    def _compute_program_ids(self):
        for wizard in self:
            wizard.program_ids = wizard.program_ids.filtered(
                lambda program, company=wizard.company_id: program.company_id == company
            ) or self.env["service.credit.program"].search(
                [("company_id", "=", wizard.company_id.id), ("start_date", "!=", False)]
            )

    def action_compute(self):
        """Show the list."""
        self.ensure_one()
        self._check_rights()
        stopped = self.program_ids.filtered(lambda p: not p.start_date or not p.active)
        if stopped or not self.program_ids:
            raise UserError(
                self.env._(
                    "%(program)s grants nothing: give it a start date first.",
                    program=stopped[:1].name or self.env._("No program chosen"),
                )
            )
        self._fill()
        return self._show()

    def _check_rights(self):
        self.env["service.credit.account"]._check_manager()
        self.program_ids.check_access("read")

    def _fill(self):
        self.line_ids.unlink()
        for program in self.program_ids:
            self.env.cr.execute(
                SQL(
                    """
                    INSERT INTO service_credit_loyalty_line
                           (wizard_id, program_id, partner_id, period, date, since, years, credits,
                            create_uid, write_uid, create_date, write_date)
                    SELECT %(wizard)s, %(program)s, partner_id, period, date, since, years, credits,
                           %(user)s, %(user)s, %(now)s, %(now)s
                      FROM (%(due)s) due
                     ORDER BY partner_id, date
                    """,
                    wizard=self.id,
                    program=program.id,
                    user=self.env.uid,
                    now=fields.Datetime.now(),
                    due=program._get_due_sql(self.date),
                )
            )
        self.env["service.credit.loyalty.line"].invalidate_model()
        self.invalidate_recordset(["line_ids"])

    def _show(self):
        action = self.env["ir.actions.act_window"]._for_xml_id(
            "service_credits.service_credit_loyalty_line_action"
        )
        action["domain"] = [("wizard_id", "=", self.id)]
        action["context"] = {"service_credit_loyalty_id": self.id}
        return action

    def action_confirm(self):
        """Grant what the list says, or show the new list when it is no longer true."""
        self.ensure_one()
        self._check_rights()
        due = []
        for program in self.program_ids:
            today = program._today()
            if self.date != today:
                raise UserError(
                    self.env._(
                        "This list is as of %(date)s; credits are granted as of today, %(today)s. "
                        "Make the list of today.",
                        date=self.date,
                        today=today,
                    )
                )
            due.append((program, program._get_due(today)))
        if self._get_shown() != {
            (program.id, row["partner_id"], row["period"], row["years"], row["credits"])
            for program, rows in due
            for row in rows
        }:
            self._fill()
            return {
                "type": "ir.actions.client",
                "tag": "display_notification",
                "params": {
                    "type": "warning",
                    "sticky": True,
                    "message": self.env._(
                        "Something changed since this list was made: nothing was granted. "
                        "Here is the new list."
                    ),
                    "next": self._show(),
                },
            }
        count = 0
        for program, rows in due:
            for chunk in split_every(BATCH, rows, list):
                program._post_grants(chunk)
                count += len(chunk)
        # sudo: the mails are the scheduled action's work, whoever granted.
        self.env.ref("service_credits.cron_loyalty").sudo()._trigger()
        self.line_ids.unlink()
        return {
            "type": "ir.actions.client",
            "tag": "display_notification",
            "params": {
                "type": "success",
                "message": self.env._("%(count)s grants made.", count=count),
                "next": self._show(),
            },
        }

    def _get_shown(self):
        self.env.cr.execute(
            """
            SELECT program_id, partner_id, period, years, credits
              FROM service_credit_loyalty_line WHERE wizard_id = %s
            """,
            [self.id],
        )
        return set(self.env.cr.fetchall())
