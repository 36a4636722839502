from contextlib import contextmanager
from datetime import datetime, time, timedelta
from unittest.mock import patch

from dateutil.relativedelta import relativedelta

from odoo import api, fields, models

from .story import ENGLISH_CLIENTS, SENIORITY, get_story


class ServiceCreditDemo(models.AbstractModel):
    """Plays the past of the demo firm: real orders, invoices, payments and interventions.

    Called once, by the demo data. Every document is made by the methods that users' buttons
    call, at the day when it happened.
    """

    _name = "service.credit.demo"
    _description = "Demo data of service credits"

    @api.model
    def _load(self):
        company = self.env.ref("service_credits.demo_company")
        self._start_loyalty(company)
        if self.env["service.intervention"].search_count(
            [("company_id", "=", company.id)], limit=1
        ):
            return
        self._set_up_company(company)
        self._set_clients()
        last_mail = self.env["mail.mail"].search([], order="id desc", limit=1).id
        staff = self.env.ref("service_credits.demo_user_staff")
        player = (
            self.with_user(staff)
            .with_company(company)
            .with_context(
                allowed_company_ids=company.ids,
                # Nobody is to get a mail about years gone by.
                mail_notify_force_send=False,
                mail_create_nolog=True,
            )
        )
        # No PDF is printed either: the web server that its style sheets come from is not there yet.
        reports = {
            template: template.report_template_ids
            for template in self.env["mail.template"].search([("report_template_ids", "!=", False)])
        }
        self.env["mail.template"].union(*reports).report_template_ids = False
        for moment, play in sorted(player._get_scenes(), key=lambda scene: scene[0]):
            with player._at(moment):
                play()
        for template, report in reports.items():
            template.report_template_ids = report
        self.env["mail.mail"].search([("id", ">", last_mail or 0)]).unlink()

    # ------------------------------------------------------------
    # The firm
    # ------------------------------------------------------------

    def _set_up_company(self, company):
        """Give the firm its accounts, 20 % of VAT, and one-click orders."""
        if not company.chart_template:
            # `try_loading` is for when all modules are loaded, which demo data cannot wait for.
            currency = company.currency_id
            self.env["account.chart.template"]._load("generic_coa", company, install_demo=False)
            company.currency_id = currency  # that chart comes with its own
        company.write(
            {
                "account_fiscal_country_id": self.env.ref("base.fr").id,
                "portal_confirmation_sign": False,
                "portal_confirmation_pay": False,
            }
        )
        own = [("company_id", "=", company.id)]
        # The generic chart is American: its domestic taxes become French ones of 20 %.
        taxes = self.env["account.tax"].search(own)
        taxes.tax_group_id.country_id = company.country_id
        taxes.country_id = company.country_id
        self.env["account.fiscal.position"].search(
            [*own, ("country_id", "!=", False)]
        ).country_id = company.country_id
        for tax in company.account_sale_tax_id | company.account_purchase_tax_id:
            tax.write({"amount": 20, "name": "20%", "invoice_label": "TVA 20 %"})
        packs = self.env["product.template"]._get_credit_packs(company)
        for pack in packs:
            pack.taxes_id |= company.account_sale_tax_id
        # Providers belong to one company: where the demo ones are, this firm gets its own.
        providers = self.env["payment.provider"].search(
            [
                ("code", "in", ("demo", "custom")),
                ("company_id", "=", self.env.ref("base.main_company").id),
            ]
        )
        for provider in providers:
            provider.copy({"company_id": company.id, "name": provider.name})

    def _start_loyalty(self, company):
        """From now on each client is thanked on its anniversary: none falls on the first day."""
        shipped = self.env.ref("service_credits.program_yearly")
        if not shipped.search_count([("company_id", "=", company.id)], limit=1):
            program = shipped.copy(
                {
                    "name": shipped.name,
                    "company_id": company.id,
                    "start_date": fields.Date.today(),
                }
            )
            for lang, _label in self.env["res.lang"].get_installed():
                program.with_context(lang=lang).name = shipped.with_context(lang=lang).name

    def _set_clients(self):
        """Since when they are clients, and their language where it is loaded."""
        french = self.env["res.lang"]._lang_get("fr_FR")
        today = fields.Date.today()
        for xmlid, years in SENIORITY.items():
            # Some weeks past the anniversary, so that no seniority changes as the demo is shown.
            since = today - relativedelta(years=years, days=40 if years else 3)
            client = self.env.ref(f"service_credits.{xmlid}")
            client.service_credit_since = since
            french_reader = french and xmlid not in ENGLISH_CLIENTS
            (client | client.child_ids).lang = "fr_FR" if french_reader else "en_US"

    # ------------------------------------------------------------
    # The past
    # ------------------------------------------------------------

    def _get_scenes(self):
        """Return (moment, function without arguments) for everything that happened."""
        scenes = []
        for event in get_story():
            kind = event.pop("kind")
            scenes += getattr(self, f"_get_{kind}_scenes")(**event)
        return scenes

    def _get_purchase_scenes(self, contact, pack, days, quantity=1, paid=True):
        documents = {}

        def order():
            documents["order"] = self.env["sale.order"]._order_credit_packs(
                self._ref(contact), {self._ref(f"product_pack_{pack}"): quantity}, self.env.company
            )

        def invoice():
            documents["invoice"] = documents["order"]._create_invoices()
            documents["invoice"].action_post()

        def pay():
            self.env["account.payment.register"].with_context(
                active_model="account.move", active_ids=documents["invoice"].ids
            ).create({"payment_date": fields.Date.today()})._create_payments()

        scenes = [(self._moment(days, 9), order), (self._moment(days, 16), invoice)]
        if paid:
            scenes.append((self._moment(days - 1, 11), pay))
        return scenes

    def _get_gift_scenes(self, contact, credits, reason, days, origin="adjustment"):
        def give():
            account = self.env["service.credit.account"]._for_partner(self._ref(contact))
            account._grant(credits, f"demo:{contact}:{days}", origin=origin, reason=reason)

        return [(self._moment(days, 10), give)]

    def _get_work_scenes(
        self,
        contact,
        type_code,
        subject,
        description,
        lines,
        days,
        state="done",
        spent=None,
        reason=None,
        user="demo_user_staff",
        optional=(),
        deadline=None,
    ):
        """One intervention, asked for `days` ago and carried as far as `state`."""
        public = self.env.ref("base.public_user")
        documents = {}

        def intervention(as_client=False):
            record = documents["intervention"]
            return record.with_user(public).sudo() if as_client else record

        def ask():
            record = (
                self.env["service.intervention"]
                .with_user(public)
                .with_context(ir_sequence_date=fields.Date.to_string(fields.Date.today()))
                .sudo()
                .create(
                    {
                        "partner_id": self._ref(contact).id,
                        "company_id": self.env.company.id,
                        "type_id": self._ref(f"service_intervention_type_{type_code}").id,
                        "subject": subject,
                        "description": description,
                        "user_id": self._ref(user).id,
                    }
                )
            )
            record.message_subscribe(partner_ids=self._ref(contact).ids)
            documents["intervention"] = self.env["service.intervention"].browse(record.id)

        def send():
            intervention().write(
                {
                    "line_ids": [
                        fields.Command.create(
                            {
                                "description": text,
                                "credits": credits,
                                "sequence": 10 * rank,
                                "optional": text in optional,
                                "selected": True,
                            }
                        )
                        for rank, (text, credits) in enumerate(lines, start=1)
                    ],
                }
            )
            intervention()._send_quotation()

        def decide(method, **arguments):
            record = intervention(as_client=True)
            partner = self._ref(contact)
            if record._get_decision_blocker(partner):
                partner = (record._get_deciders() - record.commercial_partner_id)[0]
            getattr(record, method)(partner, record.revision, **arguments)

        def accept():
            decide("_accept", way="mail")

        def order():
            decide("_accept_and_order")

        def refuse():
            decide("_refuse", reason=reason, way="mail")

        def start():
            intervention().action_start()
            if deadline:
                intervention().deadline = fields.Date.today() + timedelta(days=deadline)

        steps = {
            "request": [],
            "quoted": [send],
            "refused": [send, refuse],
            "awaiting_credits": [send, order],
            "accepted": [send, accept],
            "in_progress": [send, accept, start],
            "done": [send, accept, start, lambda: intervention()._deliver(spent)],
            "cancelled": [send, lambda: intervention().action_cancel()],
            "expired": [send],
        }[state]
        # Asked one day, priced the next, decided two days later, then some days of work.
        delays = (0, 1, 3, 5, 12)
        scenes = [
            (self._moment(days - delay, 9 + delay % 7), step)
            for delay, step in zip(delays, [ask, *steps], strict=False)
        ]
        if state == "expired":
            scenes.append((self._moment(days - 40, 4), lambda: intervention().sudo()._expire()))
        return scenes

    # ------------------------------------------------------------
    # Means
    # ------------------------------------------------------------

    def _ref(self, xmlid):
        record = self.env.ref(f"service_credits.{xmlid}")
        return self.env[record._name].browse(record.id)

    def _moment(self, days, hour):
        """Return that hour so many days ago, never in the future."""
        day = datetime.combine(fields.Date.today() - timedelta(days=days), time(hour))
        return min(day, fields.Datetime.now())

    @contextmanager
    def _at(self, moment):
        """Let Odoo believe that it is `moment`, for all that documents and messages write."""
        day = moment.date()
        before = self.env["mail.message"].sudo().search([], order="id desc", limit=1).id
        cr = self.env.cr
        with (
            patch.object(fields.Datetime, "now", staticmethod(lambda *args: moment)),
            patch.object(fields.Date, "today", staticmethod(lambda *args: day)),
            patch.object(fields.Date, "context_today", staticmethod(lambda *args, **kwargs: day)),
            patch.object(type(cr), "now", lambda cursor: moment),
        ):
            yield
            self.env.flush_all()
        messages = self.env["mail.message"].sudo().search([("id", ">", before or 0)])
        messages.write({"date": moment})
