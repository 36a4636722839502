import json
from datetime import timedelta

from odoo import fields
from odoo.tests import HttpCase, tagged
from odoo.tools import mute_logger

from .common import ServiceCreditsCase


@tagged("post_install", "-at_install")
class TestLedgerApi(ServiceCreditsCase, HttpCase):
    """The external API as a website calls it: JSON-2 with a bearer key."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls._make_users()
        cls.account._grant(10, "g")

    def setUp(self):
        super().setUp()
        self.manager_key = self._key(self.manager)

    def _key(self, user):
        tomorrow = fields.Datetime.now() + timedelta(days=1)
        # sudo: portal users may not make keys themselves; what matters is what a key may do.
        keys = self.env["res.users.apikeys"].with_user(user).sudo()
        return keys._generate("rpc", "test", tomorrow)

    def _call(self, method, api_key=None, **params):
        response = self.url_open(
            f"/json/2/service.credit.account/{method}",
            data=json.dumps(params),
            headers={
                "Content-Type": "application/json",
                "Authorization": f"bearer {api_key or self.manager_key}",
            },
        )
        self.env.invalidate_all()
        return response.status_code, response.json()

    def _use(self, **changes):
        params = {
            "partner_id": self.client.id,
            "quantity": 3,
            "key": "web-1",
            "description": "Hotline",
        }
        return self._call("use_credits", **{**params, **changes})

    def test_get_balance(self):
        expected = {"partner_id": self.client.id, "available": 10, "held": 0, "balance": 10}
        self.assertEqual(self._call("get_balance", partner_id=self.client.id), (200, expected))
        self.assertEqual(self._call("get_balance", partner_id=self.contact.id), (200, expected))
        status, result = self._call("get_balance", partner_id=self.manager.partner_id.id)
        self.assertEqual((status, result["available"], result["balance"]), (200, 0, 0))

    def test_use_credits(self):
        expected = {"partner_id": self.client.id, "used": 3, "available": 7, "key": "web-1"}
        self.assertEqual(self._use(), (200, expected))
        self.assertBalance(self.account, 7)
        used = self.account.entry_ids.filtered(lambda e: e.kind == "consume")
        self.assertEqual((used.reason, used.user_id), ("Hotline", self.manager))

    def test_replay_is_harmless(self):
        first = self._use()
        self.account._grant(5, "more")
        self.assertEqual(self._use(), first)
        self.assertBalance(self.account, 12)
        self.assertSound()

    @mute_logger("odoo.http")
    def test_refusals(self):
        self._use()
        self.other._grant(10, "g")
        wrong = [
            ({"quantity": 4}, "web-1"),
            ({"partner_id": self.other_client.id}, "web-1"),
            ({"key": "web-2", "quantity": 8}, "Acme has 7"),
            ({"key": "web-2", "quantity": 0}, "0 is not"),
            ({"key": "web-2", "quantity": -1}, "-1 is not"),
            ({"key": "web-2", "quantity": 1.5}, "1.5"),
            ({"key": "web-2", "quantity": "3"}, "“3”"),
            ({"key": "web-2", "quantity": True}, "True"),
            ({"key": "web-2", "quantity": None}, "None"),
            ({"key": ""}, "key"),
            ({"key": None}, "key"),
            ({"key": "web-2", "description": " "}, "what"),
            ({"key": "web-2", "description": None}, "what"),
            ({"key": "web-2", "partner_id": 2**30}, str(2**30)),
            ({"key": "web-2", "partner_id": "x"}, "“x”"),
        ]
        for changes, text in wrong:
            with self.subTest(changes):
                status, result = self._use(**changes)
                self.assertGreaterEqual(status, 400)
                self.assertLess(status, 500)
                self.assertIn(text, result["message"])
        self.assertBalance(self.account, 7)
        self.assertBalance(self.other, 10)

    @mute_logger("odoo.http")
    def test_rights(self):
        for user in (self.user, self.accountant, self.employee, self.portal):
            key = self._key(user)
            with self.subTest(user.login):
                status, _result = self._use(api_key=key)
                self.assertEqual(status, 403)
        status, _result = self._call("get_balance", self._key(self.user), partner_id=self.client.id)
        self.assertEqual(status, 200)
        status, _result = self._call(
            "get_balance", self._key(self.employee), partner_id=self.client.id
        )
        self.assertEqual(status, 403)
        status, _result = self._call("get_balance", "wrong", partner_id=self.client.id)
        self.assertEqual(status, 401)
        for private in ("_grant", "_reserve", "_post"):
            status, _result = self._call(private, ids=[self.account.id], quantity=1)
            self.assertGreaterEqual(status, 400)
        self.assertBalance(self.account, 10)
