from odoo import api, fields, models
from odoo.exceptions import UserError, ValidationError
from odoo.tools.misc import formatLang

# Moved by the rules of the methods alone, never by a form or a call from outside.
PROTECTED_FIELDS = frozenset(
    {
        "name", "state", "resume_state", "revision", "content_signature", "hold_id", "hold_ids",
        "delivered_credits", "sale_order_id", "awaiting_since", "done_date", "sent_date",
        "seen_date", "seen_by_id", "reminder_date", "decision_ids", "revision_ids", "decided_by_id",
        "decided_on", "decision_way", "decision_ip", "refusal_reason", "access_token",
    }
)  # fmt: skip
# With credits reserved, or once over, these would no longer be what the client agreed to.
AGREED_FIELDS = frozenset(
    {"partner_id", "company_id", "line_ids", "validity_date", "subject", "description"}
)
EDITABLE_STATES = ("request", "quoted")
AGREED_STATES = ("accepted", "in_progress")
SUBJECT_LENGTH = 200


class ServiceIntervention(models.Model):
    """A piece of work for a client, quoted in credits, decided by the client, delivered.

    What the client sees and its numbering are in ``service_intervention_content.py``, sending is in
    ``service_intervention_quotation.py``, deciding in
    ``service_intervention_deciding.py``, waiting for credits in
    ``service_intervention_waiting.py``, the work in ``service_intervention_delivery.py``.
    """

    _name = "service.intervention"
    _inherit = ["portal.mixin", "mail.thread", "mail.activity.mixin"]
    _description = "Intervention"
    _order = "create_date desc, id desc"
    _mail_post_access = "read"
    _check_company_auto = True

    name = fields.Char("Reference", readonly=True, copy=False, default="/", index="trigram")
    subject = fields.Char(size=SUBJECT_LENGTH, tracking=True, index="trigram")
    partner_id = fields.Many2one(
        "res.partner", "Client", required=True, index=True, tracking=True, ondelete="restrict",
        check_company=True,
    )  # fmt: skip
    commercial_partner_id = fields.Many2one(
        "res.partner", "Client Company", related="partner_id.commercial_partner_id", store=True,
        index=True,
    )  # fmt: skip
    company_id = fields.Many2one(
        "res.company", required=True, index=True, default=lambda self: self.env.company
    )
    type_id = fields.Many2one(
        "service.intervention.type", required=True, index=True, tracking=True, ondelete="restrict",
        check_company=True,
        default=lambda self: self.env.ref(
            "service_credits.service_intervention_type_other", raise_if_not_found=False
        ),
    )  # fmt: skip
    description = fields.Html(help="What the client asks for.")
    line_ids = fields.One2many(
        "service.intervention.line", "intervention_id", "Lines", copy=True
    )
    credits = fields.Integer(
        compute="_compute_credits", store=True, tracking=True, groups="base.group_user",
        help="The lines together, the optional ones as far as the client ticked them.",
    )  # fmt: skip
    quoted_credits = fields.Integer(
        compute="_compute_quoted_credits", store=True,
        help="The credits that the client was told: a price in preparation is the firm's own.",
    )  # fmt: skip
    validity_date = fields.Date("Valid Until", copy=False, tracking=True)
    deadline = fields.Date(copy=False, help="When the work is to be delivered.")
    revision = fields.Integer(default=1, readonly=True, copy=False)
    content_signature = fields.Char(readonly=True, copy=False, groups="base.group_system")
    user_id = fields.Many2one(
        "res.users", "Person in Charge", index=True, tracking=True,
        domain="[('share', '=', False)]", check_company=True,
        compute="_compute_user_id", store=True, readonly=False, precompute=True,
    )  # fmt: skip
    state = fields.Selection(
        [
            ("request", "Request"),
            ("quoted", "Quoted"),
            ("awaiting_credits", "Awaiting Credits"),
            ("accepted", "Accepted"),
            ("in_progress", "In Progress"),
            ("done", "Done"),
            ("refused", "Refused"),
            ("expired", "Expired"),
            ("cancelled", "Cancelled"),
        ],
        default="request", required=True, readonly=True, copy=False, index=True, tracking=True,
        group_expand="_group_expand_states",
    )  # fmt: skip
    resume_state = fields.Selection(
        [("accepted", "Accepted"), ("in_progress", "In Progress")],
        "Agreed Before", readonly=True, copy=False,
        help="A new revision of agreed work is being quoted: refused, the work goes on as agreed.",
    )  # fmt: skip

    hold_id = fields.Many2one("service.credit.hold", "Reservation", readonly=True, copy=False)
    hold_ids = fields.Many2many(
        "service.credit.hold", "service_intervention_hold_rel", "intervention_id", "hold_id",
        "Reservations", readonly=True, copy=False,
    )  # fmt: skip
    held_credits = fields.Integer("Reserved Credits", compute="_compute_held_credits")
    delivered_credits = fields.Integer("Credits Spent", readonly=True, copy=False)
    sale_order_id = fields.Many2one(
        "sale.order", "Order of Credits", readonly=True, copy=False, index="btree_not_null",
        ondelete="set null",
    )  # fmt: skip
    awaiting_since = fields.Datetime(readonly=True, copy=False)
    stock_available = fields.Integer(
        "Client's Credits", compute="_compute_stock", groups="base.group_user"
    )
    stock_after = fields.Integer(
        "Client's Credits After", compute="_compute_stock", groups="base.group_user"
    )
    stock_claimed = fields.Integer(
        "Kept for Earlier Ones", compute="_compute_stock", groups="base.group_user",
        help="Available credits that interventions accepted earlier count on.",
    )  # fmt: skip

    sent_date = fields.Datetime("Sent on", readonly=True, copy=False)
    seen_date = fields.Datetime("Seen by the Client on", readonly=True, copy=False)
    seen_by_id = fields.Many2one("res.partner", "Seen by", readonly=True, copy=False)
    reminder_date = fields.Date("Reminded on", readonly=True, copy=False)
    done_date = fields.Datetime("Delivered on", readonly=True, copy=False)
    decided_by_id = fields.Many2one("res.partner", "Decided by", readonly=True, copy=False)
    decided_on = fields.Datetime(readonly=True, copy=False)
    decision_way = fields.Char(readonly=True, copy=False)
    decision_ip = fields.Char("Decided From", readonly=True, copy=False, groups="base.group_user")
    refusal_reason = fields.Text("Reason of the Refusal", readonly=True, copy=False)
    decision_ids = fields.One2many(
        "service.intervention.decision", "intervention_id", "Decisions", readonly=True
    )
    revision_ids = fields.One2many(
        "service.intervention.revision", "intervention_id", "Revisions", readonly=True
    )

    estimated_hours = fields.Float(copy=False, groups="base.group_user")
    complexity = fields.Selection(
        [("simple", "Simple"), ("standard", "Standard"), ("complex", "Complex")],
        default="standard", groups="base.group_user",
    )  # fmt: skip
    suggested_credits = fields.Integer(
        compute="_compute_suggested_credits", groups="base.group_user"
    )
    similar_hint = fields.Char(
        "Similar Past Ones", compute="_compute_similar_hint", groups="base.group_user"
    )
    # A token opens the document: those who see it in the portal have no need to know it.
    access_token = fields.Char(groups="base.group_user")

    _revision_positive = models.Constraint("CHECK (revision > 0 AND delivered_credits >= 0)")
    _waiting_idx = models.Index(
        "(commercial_partner_id, company_id, awaiting_since) WHERE state = 'awaiting_credits'"
    )

    # === Computed === #

    @api.depends("line_ids.credits", "line_ids.optional", "line_ids.selected")
    def _compute_credits(self):
        for intervention in self:
            intervention.credits = sum(
                line.credits
                for line in intervention.line_ids
                if not line.optional or line.selected
            )

    @api.depends("credits", "state")
    def _compute_quoted_credits(self):
        for intervention in self:
            intervention.quoted_credits = (
                intervention.quoted_credits
                if intervention.state in ("request", "cancelled")
                else intervention.credits
            )

    @api.depends("type_id")
    def _compute_user_id(self):
        for intervention in self:
            if not intervention.user_id:
                intervention.user_id = intervention.type_id.user_id

    @api.depends("hold_id.remaining")
    def _compute_held_credits(self):
        for intervention in self:
            # sudo: whoever reads the intervention may know what it holds, not the account
            intervention.held_credits = intervention.sudo().hold_id.remaining

    @api.depends("credits", "partner_id", "company_id", "hold_id")
    def _compute_stock(self):
        for intervention in self:
            stock = intervention._get_stock()
            intervention.stock_available = stock["available"]
            intervention.stock_after = stock["after"]
            intervention.stock_claimed = stock["claimed"]

    @api.depends("estimated_hours", "complexity", "type_id")
    def _compute_suggested_credits(self):
        for intervention in self:
            intervention.suggested_credits = (
                intervention.type_id._suggest_credits(
                    intervention.estimated_hours, intervention.complexity
                )
                if intervention.type_id
                else 0
            )

    @api.depends("type_id")
    def _compute_similar_hint(self):
        for intervention in self:
            kind = intervention.type_id
            intervention.similar_hint = (
                self.env._(
                    "%(count)s delivered: median %(median)s credits, from %(least)s to %(most)s",
                    count=kind.similar_count,
                    # Between two whole numbers at most: 4 or 4.5.
                    median=formatLang(
                        self.env, kind.similar_median, digits=int(kind.similar_median % 1 > 0)
                    ),
                    least=kind.similar_min,
                    most=kind.similar_max,
                )
                if kind.similar_count
                else self.env._("None delivered yet")
            )

    @api.depends("name", "subject")
    def _compute_display_name(self):
        for intervention in self:
            intervention.display_name = " · ".join(
                filter(None, [intervention.name, intervention.subject])
            )

    @api.model
    def _group_expand_states(self, states, domain):
        """The columns of the kanban: the way of the work, and what else there is."""
        usual = ["request", "quoted", "awaiting_credits", "accepted", "in_progress", "done"]
        return usual + [state for state in states if state not in usual]

    def _compute_access_url(self):
        for intervention in self:
            intervention.access_url = f"/my/interventions/{intervention.id}"

    @api.constrains("subject", "description")
    def _check_length(self):
        for intervention in self:
            if len(intervention.description or "") > 200_000:
                raise ValidationError(
                    self.env._("The description is too long: attach it as a file.")
                )

    # === CRUD === #

    @api.model_create_multi
    def create(self, vals_list):
        for vals in vals_list:
            company = self.env["res.company"].browse(vals.get("company_id")) or self.env.company
            if not self.env.su:
                self._check_protected(vals.keys() - {"name"})
            vals["name"] = (
                self.env["ir.sequence"].with_company(company).next_by_code("service.intervention")
                or "/"
            )
        interventions = super().create(vals_list)
        for intervention in interventions:
            # also what a default_… of the context might have smuggled in
            if not self.env.su and (
                intervention.state != "request"
                or intervention.hold_id
                or intervention.revision != 1
                or intervention.delivered_credits
            ):
                raise UserError(self.env._("A new intervention is a request: price and send it."))
        # sudo: the signature is not for the users
        for intervention in interventions.sudo():
            intervention.content_signature = intervention._get_content_signature()
        return interventions

    def write(self, vals):
        if not self.env.su:
            self._check_protected(vals.keys())
            self._check_editable(vals)
        result = super().write(vals)
        if {"line_ids", "validity_date", "description", "subject"} & vals.keys():
            self._content_changed()
        return result

    @api.ondelete(at_uninstall=False)
    def _unlink_except_agreed(self):
        for intervention in self:
            if intervention.hold_ids or intervention.state not in ("request", "cancelled"):
                raise UserError(
                    self.env._(
                        "%(intervention)s is part of the client's history: cancel it instead.",
                        intervention=intervention.display_name,
                    )
                )

    def _check_protected(self, names):
        if protected := PROTECTED_FIELDS & set(names):
            raise UserError(
                self.env._(
                    "“%(field)s” changes by the buttons of the intervention only.",
                    field=self._fields[min(protected)].string,
                )
            )

    def _check_editable(self, vals):
        if not AGREED_FIELDS & vals.keys():
            return
        for intervention in self:
            if intervention.state in EDITABLE_STATES and not (
                intervention.hold_id and {"partner_id", "company_id"} & vals.keys()
            ):
                continue
            raise UserError(
                self.env._(
                    "%(intervention)s is %(state)s: make a new revision to change it.",
                    intervention=intervention.display_name,
                    state=intervention._get_state_label().lower(),
                )
            )

    def _get_state_label(self):
        self.ensure_one()
        return dict(self._fields["state"]._description_selection(self.env))[self.state]

    # === Locking === #

    def _lock(self):
        """Wait for the rows' locks, then read them anew.

        A row that changed since this transaction's view raises a serialization failure, which
        Odoo answers by running the request again: two contacts who decide at once are served
        one after the other. `lock_for_update` does not wait, and its error is not retried.
        """
        self.flush_recordset()
        self.env.cr.execute(
            "SELECT id FROM service_intervention WHERE id = ANY(%s) ORDER BY id FOR UPDATE",
            [self.ids],
            log_exceptions=False,  # a serialization failure is no error: the request runs again
        )
        self.invalidate_recordset()

    def _check_state(self, allowed, action):
        """Raise a clear error unless each intervention is in one of the `allowed` states."""
        for intervention in self:
            if intervention.state not in allowed:
                raise UserError(
                    self.env._(
                        "%(intervention)s is %(state)s: it cannot be %(action)s.",
                        intervention=intervention.display_name,
                        state=intervention._get_state_label().lower(),
                        action=action,
                    )
                )

    # === Portal links === #

    def _portal_ensure_token(self):
        # sudo: the token is hidden from portal users, Odoo's own code reads it as them
        return super(ServiceIntervention, self.sudo())._portal_ensure_token()

    def _get_share_url(self, redirect=False, signup_partner=False, pid=None, share_token=True):
        # A portal user reads it by their own rights. The token would let them act as the contact
        # that the quotation was sent to.
        if self.env.user.share and not self.env.su:
            share_token = False
        return super()._get_share_url(redirect, signup_partner, pid, share_token)

    def _get_portal_return_action(self):
        return self.env.ref("service_credits.service_intervention_action")
