import logging

from psycopg2.extensions import TransactionRollbackError

from odoo import api, fields, models

_logger = logging.getLogger(__name__)

BATCH = 100  # grants per transaction: a mail takes several milliseconds to write


class ServiceCreditLoyaltyNews(models.Model):
    """Grants whose client is still to be told: a queue, emptied after the grants.

    A row goes in the transaction that writes the mail, so that no mail is written twice nor
    forgotten. One mail tells a client all that it received in a run. Sending is then Odoo's own
    mail queue's work. Interventions that wait for credits are served first.
    """

    _name = "service.credit.loyalty.news"
    _inherit = "service.credit.notice"
    _description = "Loyalty Grant to Be Told"
    _log_access = False

    # Plain ids: lots are never deleted, and checking two foreign keys a row costs a large run 5 %.
    account_id = fields.Integer(required=True, index=True)
    lot_id = fields.Integer(required=True)
    by_mail = fields.Boolean()

    @api.model
    def _queue(self, account_ids, lot_ids, by_mail):
        """Queue lots, each of its account; their clients get a mail or not."""
        self.env.cr.execute(
            """
            INSERT INTO service_credit_loyalty_news (account_id, lot_id, by_mail)
            SELECT account_id, lot_id, %s FROM unnest(%s, %s) AS news (account_id, lot_id)
            """,
            [by_mail, account_ids, lot_ids],
        )

    @api.model
    def _cron_tell(self):
        """Empty the queue, client after client.

        :raises RuntimeError: some mails could not be written; they stay in the queue
        """
        last, failed = 0, 0
        while True:
            account_ids = self._get_next_accounts(last)
            if not account_ids:
                break
            last = account_ids[-1]
            done, left = self._write_batch(account_ids, self._tell)
            failed += left
            remaining = self.search_count([("account_id", ">", last)])
            if not self.env["ir.cron"]._commit_progress(done, remaining=remaining):
                return
        if failed:
            raise RuntimeError(
                "Mails about loyalty grants could not be written (see the log); they stay queued."
            )

    @api.model
    def _get_next_accounts(self, last):
        self.env.cr.execute(
            """
            SELECT DISTINCT account_id
              FROM (SELECT account_id FROM service_credit_loyalty_news
                     WHERE account_id > %s ORDER BY account_id LIMIT %s) news
             ORDER BY account_id
            """,
            [last, BATCH],
        )
        return [account_id for (account_id,) in self.env.cr.fetchall()]

    @api.model
    def _tell(self, account_ids):
        self.env.cr.execute(
            """
            WITH taken AS (
                SELECT id FROM service_credit_loyalty_news
                 WHERE account_id = ANY(%s) FOR UPDATE SKIP LOCKED)
            DELETE FROM service_credit_loyalty_news news USING taken WHERE news.id = taken.id
            RETURNING news.account_id, news.lot_id, news.by_mail
            """,
            [account_ids],
        )
        rows = self.env.cr.fetchall()
        accounts = self.env["service.credit.account"].browse({row[0] for row in rows})
        for account in accounts:
            self._serve_waiting(account.merged_into_id or account)
        lots_of = {}
        for account_id, lot_id, by_mail in rows:
            if by_mail:
                lots_of.setdefault(account_id, []).append(lot_id)
        self._write_mails(
            {
                accounts.browse(account_id): self.env["service.credit.lot"].browse(sorted(lot_ids))
                for account_id, lot_ids in lots_of.items()
            }
        )
        return len(rows)

    @api.model
    def _serve_waiting(self, account):
        try:
            with self.env.cr.savepoint():
                account._credits_arrived()
        except TransactionRollbackError:
            raise
        except Exception:
            # The credits are granted and the mail is due whatever an intervention runs into.
            _logger.exception("Service credit account %s: waiting work not served", account.id)

    @api.model
    def _write_mails(self, lots_of):
        """Write one mail per account to the outgoing queue, in its recipient's language."""
        template = self.env.ref(
            "service_credits.mail_template_loyalty_grant", raise_if_not_found=False
        )
        told = {}
        for account, lots in lots_of.items():
            recipient = account._get_loyalty_recipient()
            if recipient:
                told[account.id] = self._prepare_mail(account, lots, recipient)
        if template and told:
            template.with_context(loyalty=told).send_mail_batch(list(told), force_send=False)

    @api.model
    def _prepare_mail(self, account, lots, recipient):
        """What the template shows of one account's grants."""
        lang = recipient.lang or account.partner_id.lang or account.company_id.partner_id.lang
        program = self.env["service.credit.program"].with_context(lang=lang)
        quantities = {
            entry.lot_id: entry.available_change
            for entry in lots.entry_ids.filtered(lambda entry: entry.kind == "grant")
        }
        return {
            "recipient": recipient.id,
            "lang": lang,
            "credits": program.env["service.credit.account"]._format_credits(
                sum(quantities.values())
            ),
            "grants": [
                {
                    "program": lot.program_id.with_context(lang=lang).name,
                    "period": lot.period if lot.period.isdigit() else "",
                    "reason": program._get_reason(lot.seniority, quantities[lot]),
                }
                for lot in lots
            ],
        }
