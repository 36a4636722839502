import json
from datetime import datetime, timedelta

from dateutil.relativedelta import relativedelta

from odoo import fields, http
from odoo.http import request

from odoo.addons.portal.controllers.portal import CustomerPortal
from odoo.addons.portal.controllers.portal import pager as portal_pager

from ..models.first_moment import first_moment


class ServiceCreditPortal(CustomerPortal):
    """The client's credits: the card on /my, the stock and the statement."""

    _credit_lines_per_page = 20

    def _prepare_home_portal_values(self, counters):
        values = super()._prepare_home_portal_values(counters)
        # The page itself asks without counters; only then is the card drawn.
        if not counters and self._may_see_credits():
            values["service_credit_stock"] = self._get_credit_stock()
        return values

    # ------------------------------------------------------------
    # Routes
    # ------------------------------------------------------------

    @http.route(
        ["/my/credits", "/my/credits/page/<int:page>"],
        type="http",
        auth="user",
        website=True,
        readonly=True,
        sitemap=False,
    )
    def portal_my_credits(self, page=1, **kwargs):
        """The stock, what is reserved and on its way, and the statement."""
        if not self._may_see_credits():
            return request.render(
                "service_credits.portal_credits_not_for_you",
                {**self._prepare_portal_layout_values(), "page_name": "credits"},
            )
        return request.render(
            "service_credits.portal_my_credits", self._prepare_credits_values(page, **kwargs)
        )

    @http.route(
        "/my/credits/contact",
        type="http",
        auth="user",
        website=True,
        sitemap=False,
        methods=["GET"],
        readonly=True,
    )
    def portal_credits_contact(self, sent=None, **kwargs):
        """Who to call, and a form to write to them."""
        return request.render(
            "service_credits.portal_credits_contact",
            self._prepare_credits_contact_values(sent=bool(sent)),
        )

    @http.route(
        "/my/credits/contact",
        type="http",
        auth="user",
        website=True,
        sitemap=False,
        methods=["POST"],
    )
    def portal_credits_contact_post(self, message="", **kwargs):
        """Put the client's message on their record, where staff read and answer it."""
        message = message.strip()
        if not message:
            return request.render(
                "service_credits.portal_credits_contact",
                self._prepare_credits_contact_values(missing=True),
            )
        author = request.env.user.partner_id
        recipient = self._get_credit_contact_partner()
        # sudo: a client may not write on a contact, and this writes nothing but the message.
        author.commercial_partner_id.sudo().message_post(
            author_id=author.id,
            body=message,
            subject=request.env._("Message from %(name)s", name=author.display_name),
            message_type="comment",
            subtype_xmlid="mail.mt_comment",
            partner_ids=recipient.ids,
        )
        return request.redirect("/my/credits/contact?sent=1")

    # ------------------------------------------------------------
    # The client's own account
    # ------------------------------------------------------------

    def _get_credit_account(self):
        """Return the account of the reader's client in the current company, maybe none.

        With superuser rights: the account follows from the reader's own contact, whatever the
        page was asked for.
        """
        if not self._may_see_credits():
            return request.env["service.credit.account"].sudo()
        partner = request.env.user.partner_id.commercial_partner_id
        return request.env["service.credit.account"].sudo()._find(partner)

    def _may_see_credits(self):
        # sudo: what a contact may do is not for them to read, let alone to write.
        return request.env.user.partner_id.sudo().service_credit_may_see

    def _may_order_credits(self):
        # sudo: as above
        return request.env.user.partner_id.sudo().service_credit_may_order

    def _get_credit_stock(self):
        """Return the client's available, held and pending credits."""
        partner = request.env.user.partner_id.commercial_partner_id
        account = self._get_credit_account()
        if not account:
            # Credits may be on their way to a client who never had any.
            account = (
                request.env["service.credit.account"]
                .sudo()
                .new(
                    {
                        "partner_id": partner.id,
                        "company_id": request.env.company.id,
                    }
                )
            )
        return {
            "available": account.available,
            "held": account.held,
            "pending": account.pending,
        }

    def _get_credit_contact_partner(self):
        """Return who reads the client's messages: the salesperson, else the company."""
        salesperson = self._prepare_portal_layout_values()["sales_user"]
        return (salesperson or request.env.company).sudo().partner_id

    def _prepare_credits_contact_values(self, sent=False, missing=False):
        return {
            **self._prepare_portal_layout_values(),
            "page_name": "credits_contact",
            "contact": self._get_credit_contact_partner(),
            "company": request.env.company.sudo(),
            "sent": sent,
            "missing": missing,
        }

    # ------------------------------------------------------------
    # The statement
    # ------------------------------------------------------------

    def _get_credit_periods(self):
        """Return the periods offered, each with its first and last day (None: no bound)."""
        today = fields.Date.context_today(request.env.user)
        month = today.replace(day=1)
        year = today.replace(month=1, day=1)
        return {
            "all": {"label": request.env._("Since the beginning"), "dates": (None, None)},
            "month": {"label": request.env._("This month"), "dates": (month, None)},
            "last_month": {
                "label": request.env._("Last month"),
                "dates": (month - relativedelta(months=1), month - timedelta(days=1)),
            },
            "year": {"label": request.env._("This year"), "dates": (year, None)},
            "last_year": {
                "label": request.env._("Last year"),
                "dates": (year - relativedelta(years=1), year - timedelta(days=1)),
            },
        }

    def _get_credit_options(
        self,
        period="all",
        date_begin=None,
        date_end=None,
        sortby=None,
        filterby=None,
        search="",
        **kwargs,
    ):
        """Return the reader's choices, each unknown value replaced by its default."""
        Account = request.env["service.credit.account"]
        periods = self._get_credit_periods()
        begin, end = self._parse_credit_day(date_begin), self._parse_credit_day(date_end)
        if begin or end:
            period = "custom"
        else:
            period = period if period in periods else "all"
            begin, end = periods[period]["dates"]
        return {
            "period": period,
            "begin": begin,
            "end": end,
            "sortby": sortby if sortby in Account._get_statement_sortings() else "newest",
            "filterby": filterby if filterby in Account._get_statement_filters() else "all",
            "search": (search or "").strip()[:100],
        }

    def _parse_credit_day(self, value):
        try:
            return datetime.strptime(value or "", "%Y-%m-%d").date()
        except ValueError:
            return None

    def _get_credit_statement_arguments(self, options):
        """Return the arguments of `_get_statement` for the reader's choices."""
        begin, end = options["begin"], options["end"]
        return {
            "date_from": begin and self._get_credit_moment(begin),
            "date_to": end and self._get_credit_moment(end + timedelta(days=1)),
            "kind": options["filterby"],
            "search": options["search"],
            "sortby": options["sortby"],
        }

    def _get_credit_moment(self, day):
        """Return the first moment of a day of the reader, in UTC."""
        return first_moment(day, request.env.user.tz)

    def _get_credit_url_arguments(self, options):
        custom = options["period"] == "custom"
        return {
            "period": None if custom or options["period"] == "all" else options["period"],
            "date_begin": options["begin"] if custom else None,
            "date_end": options["end"] if custom else None,
            "sortby": None if options["sortby"] == "newest" else options["sortby"],
            "filterby": None if options["filterby"] == "all" else options["filterby"],
            "search": options["search"] or None,
        }

    def _prepare_credits_values(self, page=1, **kwargs):
        options = self._get_credit_options(**kwargs)
        account = self._get_credit_account()
        arguments = self._get_credit_statement_arguments(options)
        url_arguments = {
            key: value for key, value in self._get_credit_url_arguments(options).items() if value
        }
        page = max(page, 1)
        offset = (page - 1) * self._credit_lines_per_page
        statement = account._get_statement(
            **arguments, limit=self._credit_lines_per_page, offset=offset
        )
        pager = portal_pager(
            url="/my/credits",
            url_args=url_arguments,
            total=statement["total"],
            page=page,
            step=self._credit_lines_per_page,
        )
        if pager["offset"] != offset:  # a page past the last one: show the last one
            statement = account._get_statement(
                **arguments, limit=self._credit_lines_per_page, offset=pager["offset"]
            )
        return {
            **self._prepare_portal_layout_values(),
            "page_name": "credits",
            "default_url": "/my/credits",
            "stock": self._get_credit_stock(),
            "may_order": self._may_order_credits(),
            "statement": statement,
            "has_movements": bool(account.last_sequence),
            "options": options,
            "url_arguments": url_arguments,
            "periods": self._get_credit_periods(),
            "pager": pager,
            "sortby": options["sortby"],
            "searchbar_sortings": account._get_statement_sortings(),
            "filterby": options["filterby"],
            "searchbar_filters": account._get_statement_filters(),
            "search": options["search"],
            "search_in": "all",
            "searchbar_inputs": {
                "all": {"input": "all", "label": request.env._("Search in the statement")},
            },
            "chart": self._get_credit_chart(account),
            "use": account._get_use_by_type(arguments["date_from"], arguments["date_to"]),
        }

    def _get_credit_chart(self, account):
        """Return the chart's figures and words, None when there is nothing to draw."""
        points = account._get_stock_points()
        if len(points) < 2:
            return None
        today = fields.Date.to_string(fields.Date.context_today(request.env.user))
        if points[-1]["date"] < today:
            points.append({**points[-1], "date": today})
        return json.dumps(
            {
                "points": points,
                "locale": request.env.lang.replace("_", "-") if request.env.lang else "en-US",
                "labels": {
                    "available": request.env._("Available"),
                    "held": request.env._("Reserved"),
                },
            }
        )
