from datetime import timedelta

from dateutil.relativedelta import relativedelta

from odoo import api, fields, models
from odoo.exceptions import AccessError
from odoo.fields import Domain
from odoo.tools import format_date
from odoo.tools.misc import formatLang

from .first_moment import first_moment

LIST_LIMIT = 10
EXPIRING_DAYS = 7
CHART_MONTHS = 12


class ServiceCreditDashboard(models.AbstractModel):
    """The figures of the back office's first page, each with the list that stands behind it.

    Whatever is shown is read with the rights of who looks, in the companies that they have
    chosen. Charts are in ``service_credit_dashboard_charts.py``, the first steps of a manager in
    ``service_credit_dashboard_onboarding.py``.
    """

    _name = "service.credit.dashboard"
    _description = "Dashboard of Service Credits"

    @api.model
    def action_get_figures(self, period="month"):
        """Return all that the dashboard shows.

        :param str period: a key of `_get_periods`; another one counts as the first
        :raises AccessError: the user neither works with service credits nor reads their ledger
        """
        self._check_may_read()
        periods = self._get_periods()
        if period not in periods:
            period = next(iter(periods))
        since = self._get_since(periods[period]["from"])
        return {
            "period": period,
            "periods": [{"key": key, "label": entry["label"]} for key, entry in periods.items()],
            "empty": self._is_empty(),
            "may_sell": self.env["sale.order"].has_access("create"),
            "currency_id": self.env.company.currency_id.id,
            "sections": self._get_sections(since, periods[period]["label"]),
            "charts": self._get_charts(since, periods[period]["label"]),
            "lists": self._get_lists(),
        }

    def _check_may_read(self):
        if not self._works_on_interventions() and not self.env.user.has_group(
            "service_credits.group_accountant"
        ):
            raise AccessError(
                self.env._(
                    "The dashboard of service credits is for those who work with them: ask a "
                    "manager of service credits."
                )
            )

    def _works_on_interventions(self):
        return self.env.user.has_group("service_credits.group_user")

    def _is_empty(self):
        """Whether no client of these companies ever had a credit."""
        return not self.env["service.credit.account"].search_count(
            [("last_sequence", ">", 0)], limit=1
        )

    # ------------------------------------------------------------
    # Periods
    # ------------------------------------------------------------

    def _get_periods(self):
        today = fields.Date.context_today(self)
        return {
            "month": {"label": self.env._("This month"), "from": today.replace(day=1)},
            "three_months": {
                "label": self.env._("Last 3 months"),
                "from": today - relativedelta(months=3),
            },
            "year": {"label": self.env._("This year"), "from": today.replace(month=1, day=1)},
            "twelve_months": {
                "label": self.env._("Last 12 months"),
                "from": today - relativedelta(months=12),
            },
        }

    def _get_since(self, day):
        """The moment (UTC) at which `day` begins where the user is."""
        return first_moment(day, self.env.context.get("tz") or self.env.user.tz)

    # ------------------------------------------------------------
    # Figures
    # ------------------------------------------------------------

    def _get_sections(self, since, period_label):
        sections = [
            {
                "key": "stock",
                "title": self.env._("Today"),
                "tiles": self._get_stock_tiles() + self._get_pending_tiles(),
            },
            {"key": "period", "title": period_label, "tiles": self._get_period_tiles(since)},
        ]
        if self._works_on_interventions():
            sections.append(
                {
                    "key": "interventions",
                    "title": self.env._("Interventions"),
                    "tiles": self._get_intervention_tiles(),
                }
            )
        return sections

    def _prepare_tile(self, key, label, value, model, domain, measure, **more):
        """A figure and the list behind it: `measure` summed over `domain` gives `value`.

        :param str measure: a field of `model`, or ``__count`` for the number of records
        :param more: ``detail`` (a sentence under the figure), ``monetary``, ``tone``, ``views``
        """
        views = more.pop("views", None) or ["list", "form"]
        action = self._prepare_action(label, model, domain, views, measure)
        return {
            "key": key, "label": label, "value": value, "measure": measure, "detail": "",
            "monetary": False, "tone": "", "action": action, **more,
        }  # fmt: skip

    def _prepare_action(self, name, model, domain, views=("list", "form"), measure=None):
        """The list behind a figure; none for who may not read it."""
        if not self.env[model].has_access("read"):
            return False
        context = {}
        if measure and measure != "__count":
            context = {"pivot_measures": [measure], "graph_measure": measure}
        return {
            "type": "ir.actions.act_window",
            "name": name,
            "res_model": model,
            "views": [view if isinstance(view, (list, tuple)) else (False, view) for view in views],
            "domain": list(domain),
            "context": context,
            "target": "current",
        }

    def _format(self, number):
        return formatLang(self.env, number, digits=0)

    def _format_credits(self, credits):
        return self.env["service.credit.account"]._format_credits(credits)

    def _format_money(self, amount):
        return formatLang(self.env, amount, currency_obj=self.env.company.currency_id)

    def _to_company_currency(self, amounts):
        """Add up {currency: amount} in the currency of the current company, at today's rate."""
        company = self.env.company
        today = fields.Date.context_today(self)
        return sum(
            currency._convert(amount, company.currency_id, company, today)
            for currency, amount in amounts.items()
        )

    def _get_stock_tiles(self):
        credits = dict.fromkeys(("paid", "free"), 0)
        held, values = 0, {}
        for worth, currency, outstanding, reserved, value in self.env[
            "service.credit.outstanding"
        ]._read_group([], ["worth", "currency_id"], ["outstanding:sum", "held:sum", "value:sum"]):
            credits[worth] += outstanding
            held += reserved
            values[currency] = values.get(currency, 0) + value
        model = "service.credit.outstanding"
        views = ["list", "pivot", "graph"]
        return [
            self._prepare_tile(
                "outstanding", self.env._("Credits outstanding"), sum(credits.values()),
                model, [], "outstanding", views=views,
                detail=self.env._(
                    "%(paid)s paid, %(free)s free",
                    paid=self._format(credits["paid"]), free=self._format(credits["free"]),
                ),
            ),
            self._prepare_tile(
                "value", self.env._("Value of paid credits"), self._to_company_currency(values),
                model, [("worth", "=", "paid")], "value", views=views, monetary=True,
                detail=self.env._("What is still to be delivered"),
            ),
            self._prepare_tile(
                "free_outstanding", self.env._("Free credits"), credits["free"],
                model, [("worth", "=", "free")], "outstanding", views=views,
                detail=self.env._("Outstanding, worth nothing"),
            ),
            self._prepare_tile(
                "reserved", self.env._("Reserved"), held,
                model, [("held", ">", 0)], "held", views=views,
                detail=self.env._("For accepted interventions"),
            ),
        ]  # fmt: skip

    def _get_pending_tiles(self):
        """What is bought and waits: the orders, and, if any, the invoices without an order."""
        orders, moves = self.env["service.credit.purchase"]._get_pending(self.env.companies)
        tiles = [
            self._prepare_tile(
                "pending", self.env._("Pending"), sum(orders.values()), "sale.order",
                [("id", "in", [order.id for order in orders])], "service_credits_pending",
                views=self._get_pending_views("service_credits.sale_order_view_list_pending"),
                detail=self.env._("Ordered, not granted yet"),
            )
        ]  # fmt: skip
        if moves:
            tiles.append(
                self._prepare_tile(
                    "pending_invoices", self.env._("Pending on invoices"), sum(moves.values()),
                    "account.move", [("id", "in", [move.id for move in moves])],
                    "service_credits_pending",
                    views=self._get_pending_views("service_credits.account_move_view_list_pending"),
                    detail=self.env._("Invoiced without an order, not granted yet"),
                )
            )  # fmt: skip
        return tiles

    def _get_pending_views(self, list_view):
        return [(self.env.ref(list_view).id, "list"), (False, "form")]

    def _get_period_tiles(self, since):
        report = self.env["service.credit.report"]
        period = Domain("date", ">=", since)
        credits, values = {}, {}
        for movement, currency, change, value in report._read_group(
            period, ["movement", "currency_id"], ["change:sum", "change_value:sum"]
        ):
            credits[movement] = credits.get(movement, 0) + change
            values.setdefault(movement, {})[currency] = value
        labels = {
            "sold": self.env._("Sold"),
            "free": self.env._("Granted free"),
            "used": self.env._("Used"),
            "given_back": self.env._("Given back"),
            "taken_back": self.env._("Taken back"),
        }
        tiles = []
        for movement, label in labels.items():
            value = abs(self._to_company_currency(values.get(movement, {})))
            detail = self.env._("Worth %(value)s", value=self._format_money(value))
            tiles.append(
                self._prepare_tile(
                    movement, label, abs(credits.get(movement, 0)), report._name,
                    period & Domain("movement", "=", movement), movement,
                    views=["list", "pivot", "graph"], detail="" if movement == "free" else detail,
                )
            )  # fmt: skip
        return tiles

    def _get_intervention_tiles(self):
        model = "service.intervention"
        labels = {
            "request": self.env._("To price"),
            "quoted": self.env._("To decide by the client"),
            "awaiting_credits": self.env._("Awaiting credits"),
        }
        states = {
            state: (count, credits)
            for state, count, credits in self.env[model]._read_group(
                [("state", "in", list(labels))],
                ["state"],
                ["__count", "credits:sum"],
            )
        }
        tiles = []
        for key, state in (
            ("to_price", "request"), ("to_decide", "quoted"), ("awaiting", "awaiting_credits")
        ):  # fmt: skip
            count, credits = states.get(state, (0, 0))
            detail = self._format_credits(credits) if state != "request" else ""
            tiles.append(self._prepare_intervention_tile(key, labels[state], count, detail, state))
        overdue = self._get_overdue_domain()
        late = self.env[model].search_count(overdue)
        tiles.append(
            self._prepare_tile(
                "overdue", self.env._("Overdue"), late, model, overdue, "__count",
                tone="danger" if late else "", views=self._get_intervention_views(),
                detail=self.env._("Work past its deadline"),
            )
        )  # fmt: skip
        return tiles

    def _prepare_intervention_tile(self, key, label, count, detail, state):
        return self._prepare_tile(
            key, label, count, "service.intervention", [("state", "=", state)], "__count",
            tone="warning" if count and state != "quoted" else "",
            views=self._get_intervention_views(), detail=detail,
        )  # fmt: skip

    def _get_intervention_views(self):
        return ["list", "kanban", "form", "pivot", "graph"]

    def _get_overdue_domain(self):
        return Domain("deadline", "<", fields.Date.context_today(self)) & Domain(
            "state", "in", ("accepted", "in_progress")
        )

    def _get_expiring_domain(self):
        today = fields.Date.context_today(self)
        return (
            Domain("state", "=", "quoted")
            & Domain("validity_date", ">=", today)
            & Domain("validity_date", "<=", today + timedelta(days=EXPIRING_DAYS))
        )

    # ------------------------------------------------------------
    # Lists
    # ------------------------------------------------------------

    def _get_lists(self):
        lists = {"low": self._get_low_list()}
        if self._works_on_interventions():
            lists["expiring"] = self._get_expiring_list()
        return lists

    def _get_low_list(self):
        """Who runs out soonest: below their threshold, or within three months at their pace."""
        Forecast = self.env["service.credit.forecast"]
        domain = Domain("runs_out", "=", True)
        rows = Forecast.search(domain, limit=LIST_LIMIT)
        return {
            "count": Forecast.search_count(domain),
            "action": self._prepare_action(
                self.env._("About to run out"), Forecast._name, domain, ["list"]
            ),
            "rows": [
                {
                    "id": row.id,
                    "name": row.partner_id.display_name,
                    "credits": self._format_credits(row.available),
                    "detail": self._get_low_detail(row),
                    "action": {
                        "type": "ir.actions.act_window",
                        "res_model": "service.credit.account",
                        "res_id": row.account_id.id,
                        "views": [(False, "form")],
                    },
                }
                for row in rows
            ],
        }

    def _get_low_detail(self, row):
        if not row.available:
            return self.env._("nothing left")
        if not row.used:
            return self.env._("none used for a year")
        return self.env._(
            "%(months)s months left", months=formatLang(self.env, row.months_left, digits=1)
        )

    def _get_expiring_list(self):
        Intervention = self.env["service.intervention"]
        domain = self._get_expiring_domain()
        rows = Intervention.search(domain, order="validity_date, id", limit=LIST_LIMIT)
        return {
            "count": Intervention.search_count(domain),
            "action": self._prepare_action(
                self.env._("Quotations about to expire"), Intervention._name, domain,
                self._get_intervention_views(),
            ),
            "rows": [
                {
                    "id": row.id,
                    "name": row.display_name,
                    "client": row.commercial_partner_id.display_name,
                    "credits": self._format_credits(row.credits),
                    "detail": format_date(self.env, row.validity_date),
                    "action": {
                        "type": "ir.actions.act_window",
                        "res_model": Intervention._name,
                        "res_id": row.id,
                        "views": [(False, "form")],
                    },
                }
                for row in rows
            ],
        }  # fmt: skip
