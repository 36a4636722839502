from odoo.fields import Command

from .common import ServiceCreditsCase


class InterventionCase(ServiceCreditsCase):
    """A client with ten credits, a type, and a word to make a quotation."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls._make_users()
        # The tests read English, whatever the languages of the database.
        cls.env["res.lang"]._activate_lang("en_US")
        users = cls.user | cls.manager | cls.portal | cls.other_portal | cls.employee
        (users | cls.env.ref("base.public_user")).lang = "en_US"
        cls.contact.email = "ann@acme.example.com"
        cls.contact.lang = "en_US"
        cls.portal.partner_id.email = "portal@acme.example.com"
        cls.kind = cls.env["service.intervention.type"].create(
            {"name": "Data Extraction", "user_id": cls.user.id}
        )
        cls.account._grant(10, key="test:start", reason="Start")

    @classmethod
    def _make_intervention(cls, credits=8, partner=None, **vals):
        return (
            cls.env["service.intervention"]
            .with_user(cls.user)
            .create(
                {
                    "partner_id": (partner or cls.contact).id,
                    "type_id": cls.kind.id,
                    "subject": "Monthly sales",
                    "line_ids": [Command.create({"description": "Extraction", "credits": credits})],
                    **vals,
                }
            )
        )

    @classmethod
    def _make_quotation(cls, credits=8, partner=None, **vals):
        intervention = cls._make_intervention(credits, partner, **vals)
        intervention._send_quotation()
        return intervention

    @classmethod
    def _in_state(cls, state, credits=2):
        """An intervention brought to `state` by its own way."""
        intervention = cls._make_intervention(credits)
        if state == "request":
            return intervention
        if state == "cancelled":
            intervention.action_cancel()
            return intervention
        intervention._send_quotation()
        if state == "refused":
            intervention._refuse(cls.contact, intervention.revision)
        elif state == "expired":
            intervention.sudo()._expire()
        elif state == "awaiting_credits":
            intervention.sudo().write(
                {"state": "awaiting_credits", "awaiting_since": "2026-01-01 00:00:00"}
            )
        elif state in ("accepted", "in_progress", "done"):
            intervention._accept(cls.contact, intervention.revision)
            if state != "accepted":
                intervention.action_start()
            if state == "done":
                intervention._deliver()
        assert intervention.state == state, (intervention.state, state)
        return intervention
