import logging

from psycopg2.extensions import TransactionRollbackError

from odoo import api, models

_logger = logging.getLogger(__name__)


class ServiceCreditNotice(models.AbstractModel):
    """What the scheduled mails to clients share: alerts, statements, thanks for loyalty."""

    _name = "service.credit.notice"
    _description = "Notice on Service Credits"

    @api.model
    def _write_batch(self, rows, write):
        """Write to some clients in one transaction; one by one when that fails.

        :param list rows: one for each client
        :param write: called with a list of rows; returns how many clients were written to
        :return: (clients written to, clients to whom nothing could be written)
        """
        try:
            with self.env.cr.savepoint():
                return write(rows), 0
        except TransactionRollbackError:
            # Another worker writes to these, or an account moved: the next run looks again.
            self.env.cr.rollback()
            self.env.invalidate_all(flush=False)
            return 0, 0
        except Exception:
            if len(rows) == 1:
                _logger.exception("%s: nothing written to %s", self._description, rows[0])
                return 0, 1
        results = [self._write_batch([row], write) for row in rows]
        return sum(done for done, _failed in results), sum(failed for _done, failed in results)

    def _get_mail_recipient(self):
        """Whom the mail being written is for."""
        self.ensure_one()
        return (
            self.env["res.partner"].browse(self.env.context.get("service_credits_recipient_id"))
            or self.partner_id
        )
