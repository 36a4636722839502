from odoo import api, fields, models
from odoo.exceptions import UserError


class ServiceCreditCorrection(models.Model):
    """A client's start date was put right after a grant: the difference, offered to a manager.

    The difference is what the program's rule gives for the years counted from the new date, less
    what it gives for the date that the grant (or the last decision on it) was based on. For a
    yearly grant the years are those complete in the period's year, else those on the day it was
    made. Nothing is taken back by itself, nor offered twice: a decision, also "leave it", settles
    the new date. Periods for which nothing was granted need no offer: the next run grants them.
    """

    _name = "service.credit.correction"
    _description = "Loyalty Correction"
    _order = "state desc, id desc"
    _rec_name = "account_id"

    lot_id = fields.Many2one(
        "service.credit.lot", "Grant", required=True, readonly=True, index=True, ondelete="cascade"
    )
    account_id = fields.Many2one(related="lot_id.account_id", string="Client")
    program_id = fields.Many2one(related="lot_id.program_id", string="Program")
    period = fields.Char(related="lot_id.period")
    company_id = fields.Many2one(related="lot_id.account_id.company_id")
    old_since = fields.Date("Counted from", readonly=True)
    new_since = fields.Date("Now since", readonly=True)
    old_years = fields.Integer("Years counted", readonly=True, aggregator=None)
    new_years = fields.Integer("Years now", readonly=True, aggregator=None)
    difference = fields.Integer(required=True, readonly=True, help="Credits to add or take back.")
    state = fields.Selection(
        [("pending", "To decide"), ("applied", "Applied"), ("left", "Left as it is")],
        required=True,
        readonly=True,
        default="pending",
    )
    settled = fields.Integer("Credits moved", readonly=True)
    decided_by_id = fields.Many2one("res.users", "Decided by", readonly=True)
    decided_on = fields.Datetime(readonly=True)

    _pending_uniq = models.UniqueIndex("(lot_id) WHERE state = 'pending'")

    @api.depends("account_id", "program_id", "period")
    def _compute_display_name(self):
        for correction in self:
            client = correction.account_id.display_name
            correction.display_name = f"{client}: {correction._get_occasion()}"

    def _get_occasion(self):
        """Say "Welcome", or "Yearly thanks 2026"."""
        # sudo: the client's statement names the program, whoever decides.
        name = self.program_id.sudo().name
        return f"{name} {self.period}" if self.period.isdigit() else name

    # === Finding them === #

    @api.model
    def _detect(self, partners):
        """Replace what is to be decided for these clients by what follows from their dates now."""
        if not partners.ids:
            return
        self.flush_model()
        partners.flush_recordset(["service_credit_since"])
        self.env.cr.execute(
            """
            SELECT lot.id, lot.program_id, lot.period, lot.seniority_date,
                   CASE WHEN settled.id IS NULL THEN lot.seniority_since
                        ELSE settled.new_since END,
                   p.service_credit_since
              FROM service_credit_account a
              JOIN res_partner p ON p.id = a.partner_id
              JOIN service_credit_lot lot ON lot.account_id = a.id
              LEFT JOIN LATERAL (SELECT c.id, c.new_since
                                   FROM service_credit_correction c
                                  WHERE c.lot_id = lot.id AND c.state <> 'pending'
                                  ORDER BY c.id DESC LIMIT 1) settled ON true
             WHERE a.partner_id = ANY(%s)
               AND a.merged_into_id IS NULL
               AND lot.program_id IS NOT NULL
               AND lot.seniority_since IS NOT NULL
             ORDER BY lot.id
            """,
            [partners.ids],
        )
        rows = self.env.cr.fetchall()
        found = []
        for lot_id, program_id, period, counted_on, since, new_since in rows:
            if since == new_since:
                continue
            program = self.env["service.credit.program"].browse(program_id)
            old_years = self._count_years(program, period, counted_on, since)
            new_years = self._count_years(program, period, counted_on, new_since)
            difference = program._credits_for_years(new_years) - program._credits_for_years(
                old_years
            )
            if difference:
                found.append(
                    {
                        "lot_id": lot_id,
                        "old_since": since,
                        "new_since": new_since,
                        "old_years": old_years,
                        "new_years": new_years,
                        "difference": difference,
                    }
                )
        self.search(
            [("state", "=", "pending"), ("lot_id", "in", [row[0] for row in rows])]
        ).unlink()
        self.create(found)

    @api.model
    def _count_years(self, program, period, counted_on, since):
        """The years that a grant counts from `since`; none without a date."""
        if not since:
            return 0
        if program.recurrence == "yearly" and program.yearly_on == "anniversary":
            return max(int(period) - since.year, 0)
        return max(program._years_between(since, counted_on), 0)

    # === Deciding === #

    def _check_pending(self):
        self.check_access("read")
        self.env["service.credit.account"]._check_manager()
        decided = self.filtered(lambda correction: correction.state != "pending")
        if decided:
            raise UserError(
                self.env._(
                    "%(correction)s was decided by %(user)s.",
                    correction=decided[0].display_name,
                    user=decided[0].sudo().decided_by_id.name,
                )
            )

    def action_apply(self):
        """Grant the missing credits; take back those too many that are unused."""
        self._check_pending()
        for correction in self.sorted("id"):
            # sudo: the ledger's rows are nobody's to write; the manager's right was just checked.
            lot = correction.lot_id.sudo()
            key = f"{lot.grant_key}:correction:{correction.id}"
            reason = correction._get_reason()
            moved = correction.difference
            if moved > 0:
                lot.account_id._grant(
                    moved, key, origin="loyalty", reason=reason,
                    program_id=lot.program_id.id, period=lot.period,
                    seniority=correction.new_years, seniority_date=lot.seniority_date,
                )  # fmt: skip
                lot.account_id._credits_arrived()
            else:
                moved = -min(-moved, lot.available)
                if not moved:
                    raise UserError(
                        self.env._(
                            "%(client)s has used the %(credits)s credits of “%(period)s”: none of "
                            "them can be taken back. Leave it as it is, or adjust the account.",
                            client=lot.account_id.partner_id.display_name,
                            credits=lot.quantity,
                            period=correction._get_occasion(),
                        )
                    )
                lot._revoke(-moved, key, reason=reason)
            correction._decide("applied", moved)
        return True

    def action_leave(self):
        """Settle the new date without moving credits."""
        self._check_pending()
        self._decide("left", 0)
        return True

    def _decide(self, state, moved):
        # sudo: managers decide through these two actions only; the model is read-only for them.
        self.sudo().write(
            {
                "state": state,
                "settled": moved,
                "decided_by_id": self.env.uid,
                "decided_on": fields.Datetime.now(),
            }
        )

    def _get_reason(self):
        """What the client's statement says, in their language."""
        partner = self.lot_id.account_id.sudo().partner_id
        correction = self.with_context(lang=partner.lang)
        return correction.env._(
            "%(period)s, seniority put right: %(new)s years instead of %(old)s",
            period=correction._get_occasion(),
            new=self.new_years,
            old=self.old_years,
        )
