from odoo.tests import TransactionCase, tagged

TABLES = (
    "service_credit_account",
    "service_credit_lot",
    "service_credit_hold",
    "service_credit_entry",
)

# What must stand in PostgreSQL's catalogue: Odoo only logs what it could not create.
CHECKS = {
    "service_credit_account_never_negative",
    "service_credit_account_merged_is_empty",
    "service_credit_lot_sums",
    "service_credit_lot_never_negative",
    "service_credit_lot_worth",
    "service_credit_hold_sums",
    "service_credit_hold_never_negative",
    "service_credit_entry_signs",
    "service_credit_entry_sequence_positive",
    "service_credit_entry_never_negative",
}
UNIQUE_INDEXES = {
    "service_credit_account_partner_company_uniq",
    "service_credit_lot_grant_key_uniq",
    "service_credit_hold_ref_uniq",
    "service_credit_entry_sequence_uniq",
    "service_credit_entry_operation_uniq",
}
OTHER_INDEXES = {
    "service_credit_lot_open_idx",
    "service_credit_hold_open_idx",
    "service_credit_entry_hold_lot_idx",
}
TRIGGERS = {
    "service_credit_account_guard_insert",
    "service_credit_account_guard_update",
    "service_credit_lot_guard_insert",
    "service_credit_lot_guard_update",
    "service_credit_hold_guard_insert",
    "service_credit_hold_guard_update",
    "service_credit_entry_guard_update",
    "service_credit_entry_guard_delete",
    "service_credit_entry_guard_truncate",
    "service_credit_entry_seal",
    "service_credit_entry_post",
}
NOT_NULL = {
    "service_credit_account": "partner_id company_id available held last_sequence",
    "service_credit_lot": "account_id origin grant_key date quantity available held spent "
    "unit_price value",
    "service_credit_hold": "account_id ref quantity consumed released",
    "service_credit_entry": "account_id sequence kind lot_id available_change held_change "
    "available_after held_after operation_key date user_id hash",
}
GENERATED = {("service_credit_account", "balance"), ("service_credit_hold", "remaining")}
RESTRICTING = {
    ("service_credit_account", "partner_id"),
    ("service_credit_account", "company_id"),
    ("service_credit_lot", "account_id"),
    ("service_credit_hold", "account_id"),
    ("service_credit_entry", "account_id"),
    ("service_credit_entry", "lot_id"),
    ("service_credit_entry", "hold_id"),
    ("service_credit_entry", "user_id"),
}


@tagged("post_install", "-at_install")
class TestLedgerCatalogue(TransactionCase):
    def _select(self, query, *params):
        self.env.cr.execute(query, params)
        return set(self.env.cr.fetchall())

    def _names(self, query):
        return {name for (name,) in self._select(query, list(TABLES))}

    def test_checks(self):
        found = self._names(
            "SELECT conname FROM pg_constraint WHERE contype = 'c' AND convalidated"
            " AND conrelid::regclass::text = ANY(%s)"
        )
        self.assertEqual(CHECKS - found, set())

    def test_indexes(self):
        found = self._names(
            "SELECT indexrelid::regclass::text FROM pg_index WHERE indisunique AND indisvalid"
            " AND indrelid::regclass::text = ANY(%s)"
        )
        self.assertEqual(UNIQUE_INDEXES - found, set())
        found = self._names(
            "SELECT indexrelid::regclass::text FROM pg_index WHERE indisvalid"
            " AND indpred IS NOT NULL AND indrelid::regclass::text = ANY(%s)"
        )
        self.assertEqual(OTHER_INDEXES - found, set())

    def test_triggers(self):
        found = self._names(
            "SELECT tgname FROM pg_trigger WHERE NOT tgisinternal AND tgenabled = 'O'"
            " AND tgrelid::regclass::text = ANY(%s)"
        )
        self.assertEqual(found, TRIGGERS)

    def test_columns(self):
        found = self._select(
            "SELECT attrelid::regclass::text, attname FROM pg_attribute"
            " WHERE attnotnull AND attrelid::regclass::text = ANY(%s)",
            list(TABLES),
        )
        wanted = {(table, name) for table, names in NOT_NULL.items() for name in names.split()}
        self.assertEqual(wanted - found, set())
        found = self._select(
            "SELECT attrelid::regclass::text, attname FROM pg_attribute"
            " WHERE attgenerated = 's' AND attrelid::regclass::text = ANY(%s)",
            list(TABLES),
        )
        self.assertEqual(found, GENERATED)

    def test_foreign_keys_restrict(self):
        found = self._select(
            "SELECT c.conrelid::regclass::text, a.attname FROM pg_constraint c"
            " JOIN pg_attribute a ON a.attrelid = c.conrelid AND a.attnum = c.conkey[1]"
            " WHERE c.contype = 'f' AND c.confdeltype = 'r'"
            " AND c.conrelid::regclass::text = ANY(%s)",
            list(TABLES),
        )
        self.assertEqual(RESTRICTING - found, set())

    def test_loading_the_sql_again_changes_nothing(self):
        """An upgrade loads the same SQL again; balances and catalogue stay."""
        partner = self.env["res.partner"].create({"name": "Acme"})
        account = self.env["service.credit.account"]._for_partner(partner)
        account._grant(5, "g")
        account._reserve(2, "h")
        self.env["service.credit.entry"]._load_ledger_sql()
        self.env.invalidate_all()
        self.assertEqual((account.available, account.held, account.balance), (3, 2, 5))
        self.test_triggers()
        self.test_columns()
