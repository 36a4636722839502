from dateutil.relativedelta import relativedelta

from odoo import fields, models
from odoo.fields import Domain
from odoo.tools import format_date

from .service_credit_dashboard import CHART_MONTHS


class ServiceCreditDashboard(models.AbstractModel):
    _inherit = "service.credit.dashboard"

    def _get_charts(self, since, period_label):
        return {
            "months": self._get_months_chart(),
            "types": self._get_types_chart(since, period_label),
            "ages": self._get_ages_chart(),
        }

    def _get_months_chart(self):
        """Sold, granted free and used, month by month, as the calendar of the user has them."""
        report = self.env["service.credit.report"]
        labels = {
            "sold": self.env._("Sold"),
            "free": self.env._("Granted free"),
            "used": self.env._("Used"),
        }
        this_month = fields.Date.context_today(self).replace(day=1)
        months = [this_month - relativedelta(months=past) for past in reversed(range(CHART_MONTHS))]
        starts = [
            self._get_since(month) for month in [*months, this_month + relativedelta(months=1)]
        ]
        window = (
            Domain("movement", "in", list(labels))
            & Domain("date", ">=", starts[0])
            & Domain("date", "<", starts[-1])
        )
        credits = {
            (movement, month.date()): abs(change)
            for movement, month, change in report._read_group(
                window, ["movement", "date:month"], ["change:sum"]
            )
        }
        series = []
        for movement, label in labels.items():
            bars = []
            for month, start, end in zip(months, starts[:-1], starts[1:], strict=True):
                domain = (
                    Domain("movement", "=", movement)
                    & Domain("date", ">=", start)
                    & Domain("date", "<", end)
                )
                bars.append({"value": credits.get((movement, month), 0), "domain": list(domain)})
            series.append({"key": movement, "label": label, "bars": bars})
        return {
            "title": self.env._("Month by month"),
            "labels": [format_date(self.env, month, date_format="LLL yy") for month in months],
            "series": series,
            "action": self._prepare_action(
                self.env._("Credits by month"), report._name, window, ["list", "pivot", "graph"]
            ),
        }

    def _get_types_chart(self, since, period_label):
        report = self.env["service.credit.report"]
        period = Domain("movement", "=", "used") & Domain("date", ">=", since)
        bars = []
        for kind, used in report._read_group(
            period, ["type_id"], ["used:sum"], order="used:sum DESC, type_id"
        ):
            # sudo: an accountant may know what credits were used for, and opens no type
            name = kind.sudo().display_name if kind else self.env._("Without intervention")
            domain = period & Domain("type_id", "=", kind.id)
            bars.append(self._prepare_bar(name, used, report._name, domain, "used"))
        return {
            "title": self.env._("Use by type: %(period)s", period=period_label.lower()),
            "bars": bars,
        }

    def _get_ages_chart(self):
        outstanding = self.env["service.credit.outstanding"]
        ages = outstanding._fields["age"]._description_selection(self.env)
        credits = dict(outstanding._read_group([], ["age"], ["outstanding:sum"]))
        return {
            "title": self.env._("Age of outstanding credits"),
            "bars": [
                self._prepare_bar(
                    label, credits.get(age, 0), outstanding._name, [("age", "=", age)],
                    "outstanding",
                )
                for age, label in ages
            ],
        }  # fmt: skip

    def _prepare_bar(self, label, value, model, domain, measure):
        return {
            "label": label,
            "value": value,
            "measure": measure,
            "action": self._prepare_action(
                label, model, domain, ["list", "pivot", "graph"], measure
            ),
        }
