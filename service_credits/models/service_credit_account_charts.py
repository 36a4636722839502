from odoo import fields, models
from odoo.fields import Domain


class ServiceCreditAccount(models.Model):
    """The figures of the charts that the client sees."""

    _inherit = "service.credit.account"

    def _get_stock_points(self, limit=400):
        """Return the stock at the end of each day with a movement, oldest first.

        With more than `limit` such days, weeks (or months) are taken instead: a chart a few
        hundred pixels wide shows no more.

        :return: dicts of `date` (ISO), `available` and `held`
        :rtype: list[dict]
        """
        account = self.sudo()  # the caller has chosen an account of the reader
        groups = []
        for granularity in ("day", "week", "month"):
            groups = account.env["service.credit.entry"]._read_group(
                [("account_id", "in", account.ids)],
                [f"date:{granularity}"],
                ["date:max", "available_change:sum", "held_change:sum"],
                order=f"date:{granularity}",
            )
            if len(groups) <= limit:
                break
        points = []
        available = held = 0
        for _start, last, available_change, held_change in groups:
            available += available_change
            held += held_change
            day = fields.Datetime.context_timestamp(account, last).date()
            points.append(
                {
                    "date": fields.Date.to_string(day),
                    "available": available,
                    "held": held,
                }
            )
        return points

    def _get_use_by_type(self, date_from=None, date_to=None):
        """Return the credits used in a period by type of intervention, the most used first.

        :param datetime date_from: first moment of the period (UTC), None for the beginning
        :param datetime date_to: first moment after the period (UTC), None for no end
        :return: dicts of `type` (in the reader's language) and `credits`
        :rtype: list[dict]
        """
        # sudo: the caller has chosen an account of the reader, who may read no report
        account = self.sudo()
        domain = Domain("account_id", "in", account.ids) & Domain("movement", "=", "used")
        if date_from:
            domain &= Domain("date", ">=", date_from)
        if date_to:
            domain &= Domain("date", "<", date_to)
        return [
            {"type": kind.name if kind else account.env._("Other work"), "credits": used}
            for kind, used in account.env["service.credit.report"]._read_group(
                domain, ["type_id"], ["used:sum"], order="used:sum DESC, type_id"
            )
            if used
        ]
