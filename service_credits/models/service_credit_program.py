from ast import literal_eval
from datetime import date

from odoo import api, fields, models
from odoo.exceptions import UserError, ValidationError
from odoo.fields import Domain

MONTHS = [
    ("1", "January"), ("2", "February"), ("3", "March"), ("4", "April"), ("5", "May"),
    ("6", "June"), ("7", "July"), ("8", "August"), ("9", "September"), ("10", "October"),
    ("11", "November"), ("12", "December"),
]  # fmt: skip


class ServiceCreditProgram(models.Model):
    """A rule that grants free credits for seniority.

    Credits = min(``max_credits``, ``credits_per_step`` × ⌊years / ``years_per_step``⌋), where the
    years are the whole years since the client's ``service_credit_since``. 29 February: in common
    years that client's year is complete on 28 February.

    *Once* ("welcome"): one grant per client, on the first run from ``start_date`` on at which the
    client has the years of at least one step, for the years it has on that day. So a client of
    twelve years gets twelve credits when the program starts, and one that is new then gets its
    one credit on its first anniversary: the welcome of those who come later.

    *Yearly*: one grant per client and calendar year, due on the client's anniversary or on one
    fixed day for all, for the years complete on that day. Every due day from ``start_date`` to
    ``end_date`` counts, however late the run; none before.

    What was granted stays when a program is changed, stopped or archived: its rule, domain and
    dates are those of the day of the run, for whatever was not granted yet. A program without a
    start date grants nothing. An archived one pauses: put back, it grants what fell due meanwhile;
    ``end_date`` stops it for good.

    "Today" is the day in the company's time zone (that of its contact; UTC when it has none).
    """

    _name = "service.credit.program"
    _inherit = "mail.thread"
    _description = "Loyalty Program"
    _order = "recurrence, id"
    _check_company_auto = True

    name = fields.Char(required=True, translate=True)
    active = fields.Boolean(default=True, tracking=True)
    company_id = fields.Many2one(
        "res.company", required=True, index=True, default=lambda self: self.env.company,
        ondelete="restrict",
    )  # fmt: skip
    recurrence = fields.Selection(
        [("once", "Once per client"), ("yearly", "Every year")],
        required=True,
        default="yearly",
        tracking=True,
    )
    yearly_on = fields.Selection(
        [("anniversary", "The client's anniversary"), ("fixed", "A fixed day")],
        "Granted on",
        required=True,
        default="anniversary",
        tracking=True,
    )
    fixed_day = fields.Integer("Day", default=1, tracking=True)
    fixed_month = fields.Selection(MONTHS, "Month", default="1", tracking=True)
    years_per_step = fields.Integer("Years per step", required=True, default=1, tracking=True)
    credits_per_step = fields.Integer("Credits per step", required=True, default=1, tracking=True)
    max_credits = fields.Integer(
        "At most", required=True, default=1, tracking=True,
        help="No client gets more than these credits in one grant.",
    )  # fmt: skip
    start_date = fields.Date(
        "Starts on", copy=False, tracking=True,
        help="Nothing that fell due before this day is ever granted. Without it, nothing is.",
    )  # fmt: skip
    end_date = fields.Date(
        "Last day", copy=False, tracking=True, help="Nothing that falls due later is granted."
    )
    domain = fields.Char("Eligible clients", default="[]", tracking=True)
    notify = fields.Boolean(
        "Tell the client", default=True, help="Each client gets a mail, in their language."
    )
    summary = fields.Char("In short", compute="_compute_summary")
    lot_count = fields.Integer("Number of grants", compute="_compute_granted")
    granted_credits = fields.Integer("Credits granted", compute="_compute_granted")

    @api.depends("years_per_step", "credits_per_step", "max_credits")
    def _compute_summary(self):
        """The first steps of the rule: "2 from 5 years, 4 from 10 years, 6 from 15 years"."""
        for program in self:
            if program.years_per_step < 1 or program.credits_per_step < 1:
                program.summary = False
                continue
            full = -(-program.max_credits // program.credits_per_step)
            steps = [1, 2, 3, full] if full > 4 else range(1, full + 1)
            parts = []
            for step in steps:
                years = step * program.years_per_step
                credits = program._credits_for_years(years)
                if years == 1:
                    parts.append(self.env._("%(credits)s from 1 year", credits=credits))
                else:
                    parts.append(
                        self.env._("%(credits)s from %(years)s years", credits=credits, years=years)
                    )
            if full > 4:
                parts.insert(3, "…")
            program.summary = ", ".join(parts)

    def _compute_granted(self):
        granted = {
            program.id: (count, credits)
            for program, count, credits in self.env["service.credit.lot"]._read_group(
                [("program_id", "in", self.ids)], ["program_id"], ["__count", "quantity:sum"]
            )
        }
        for program in self:
            program.lot_count, program.granted_credits = granted.get(program.id, (0, 0))

    # === What is refused === #

    @api.constrains("years_per_step", "credits_per_step", "max_credits")
    def _check_steps(self):
        for program in self:
            if program.years_per_step < 1 or program.credits_per_step < 1:
                raise ValidationError(
                    self.env._(
                        "%(program)s: a step is at least 1 year and 1 credit "
                        "(given: %(years)s years, %(credits)s credits).",
                        program=program.name,
                        years=program.years_per_step,
                        credits=program.credits_per_step,
                    )
                )
            if program.max_credits < program.credits_per_step:
                raise ValidationError(
                    self.env._(
                        "%(program)s: at most %(max)s credits is less than one step "
                        "(%(credits)s credits): nobody would get anything.",
                        program=program.name,
                        max=program.max_credits,
                        credits=program.credits_per_step,
                    )
                )

    @api.constrains("start_date", "end_date", "recurrence", "yearly_on", "fixed_day", "fixed_month")
    def _check_days(self):
        for program in self:
            if program.start_date and program.end_date and program.end_date < program.start_date:
                raise ValidationError(
                    self.env._(
                        "%(program)s ends on %(end)s, before it starts on %(start)s.",
                        program=program.name,
                        end=program.end_date,
                        start=program.start_date,
                    )
                )
            if program.recurrence == "yearly" and program.yearly_on == "fixed":
                try:
                    date(2024, int(program.fixed_month), program.fixed_day)  # a leap year
                except (TypeError, ValueError):
                    raise ValidationError(
                        self.env._(
                            "%(program)s: there is no day %(day)s in month %(month)s.",
                            program=program.name,
                            day=program.fixed_day,
                            month=program.fixed_month or "?",
                        )
                    ) from None

    @api.constrains("domain")
    def _check_domain(self):
        for program in self:
            domain = program._get_eligible_domain()
            if domain.optimize_full(self.env["res.partner"].sudo()).is_false():
                raise ValidationError(
                    self.env._(
                        "%(program)s: no client can ever meet the condition %(domain)s.",
                        program=program.name,
                        domain=program.domain,
                    )
                )

    @api.constrains("active", "company_id", "recurrence", "start_date", "end_date", "domain")
    def _check_overlap(self):
        """Two running programs of the same recurrence must not serve the same client."""
        for program in self.filtered(lambda program: program.active and program.start_date):
            others = self.sudo().search(
                [
                    ("id", "!=", program.id),
                    ("company_id", "=", program.company_id.id),
                    ("recurrence", "=", program.recurrence),
                    ("start_date", "<=", program.end_date or date.max),
                    "|", ("end_date", "=", False), ("end_date", ">=", program.start_date),
                ]
            )  # fmt: skip
            for other in others:
                if program._shares_clients(other):
                    raise ValidationError(
                        self.env._(
                            "%(program)s and %(other)s overlap: they run at the same time, are "
                            "both granted the same way (%(recurrence)s) and have clients in "
                            "common, who would get both. Narrow the eligible clients or the "
                            "dates, or archive one of them.",
                            program=program.name,
                            other=other.name,
                            recurrence=dict(
                                self._fields["recurrence"]._description_selection(self.env)
                            )[program.recurrence],
                        )
                    )

    def _shares_clients(self, other):
        domains = [program._get_eligible_domain() for program in (self, other)]
        if any(domain.is_true() for domain in domains) or domains[0] == domains[1]:
            return True
        partners = self.env["res.partner"].sudo().with_context(active_test=False)
        return bool(partners.search_count(Domain.AND(domains), limit=1))

    def _get_eligible_domain(self):
        """The domain of eligible clients.

        :raises ValidationError: it is no domain over contacts
        """
        self.ensure_one()
        try:
            domain = Domain(literal_eval((self.domain or "").strip() or "[]"))
            with self.env.cr.savepoint(flush=False):
                self.env["res.partner"].sudo().search_count(domain, limit=1)
        except Exception as error:  # whatever a mistyped domain may raise
            raise ValidationError(
                self.env._(
                    "%(program)s: “%(domain)s” is not a condition on contacts: %(error)s",
                    program=self.name,
                    domain=self.domain,
                    error=error,
                )
            ) from error
        return domain

    # === CRUD === #

    def write(self, vals):
        fixed = {"company_id", "recurrence"} & set(vals)
        granted = self.filtered("lot_count") if fixed else self.browse()
        for program in granted:
            if any(program._fields[name].convert_to_write(program[name], program) != vals[name]
                   for name in fixed):  # fmt: skip
                raise UserError(
                    self.env._(
                        "%(program)s has granted credits to %(count)s clients: its company and "
                        "how often it grants stay as they are. Set its last day and make another "
                        "program.",
                        program=program.name,
                        count=program.lot_count,
                    )
                )
        return super().write(vals)

    @api.ondelete(at_uninstall=False)
    def _unlink_except_granted(self):
        for program in self.filtered("lot_count"):
            raise UserError(
                self.env._(
                    "%(program)s has granted credits (%(count)s grants) and explains them: it "
                    "cannot be deleted. Set its last day, or archive it.",
                    program=program.name,
                    count=program.lot_count,
                )
            )

    def copy_data(self, default=None):
        vals_list = super().copy_data(default)
        if "name" not in (default or {}):
            for program, vals in zip(self, vals_list, strict=True):
                vals["name"] = self.env._("%(name)s (copy)", name=program.name)
        return vals_list

    # === Actions === #

    def action_preview(self):
        """Open the dry run: who would get what, and why."""
        self.check_access("write")
        action = self.env["ir.actions.act_window"]._for_xml_id(
            "service_credits.service_credit_loyalty_action"
        )
        action["context"] = {
            "default_program_ids": self.ids,
            "default_company_id": self.company_id.id,
        }
        return action

    def action_view_lots(self):
        """The grants of this program."""
        self.check_access("read")
        action = self.env["ir.actions.act_window"]._for_xml_id(
            "service_credits.service_credit_program_lot_action"
        )
        action["domain"] = [("program_id", "in", self.ids)]
        return action

    # === The rule === #

    def _credits_for_years(self, years):
        """min(max, credits per step × whole steps); 0 for no or negative years."""
        self.ensure_one()
        steps = max(int(years or 0), 0) // self.years_per_step
        return min(self.max_credits, self.credits_per_step * steps)
