-- Guards: whoever is not the ledger is refused.
--
-- Balances of accounts, lots and holds are derived from the entries by one trigger
-- (posting.sql). That trigger's own UPDATE runs the guards at a trigger depth of 2;
-- any other statement, by the ORM or by hand, runs them at depth 1 and is refused.

-- Prevents: an account, lot or hold that is born with credits that no entry brought. Which
-- columns must start at 0 is said by the WHEN of each trigger, so that the many rows that do are
-- let through without a call.
CREATE OR REPLACE FUNCTION service_credit_guard_insert() RETURNS trigger
LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'service credits: what % holds is derived from the ledger and starts at 0',
        TG_TABLE_NAME USING ERRCODE = 'restrict_violation';
END
$$;

-- Prevents: a balance, a price or the identity of an account, lot or hold being written
-- by anything but the posting of an entry.
CREATE OR REPLACE FUNCTION service_credit_guard_update() RETURNS trigger
LANGUAGE plpgsql AS $$
BEGIN
    IF pg_trigger_depth() < 2 THEN
        RAISE EXCEPTION 'service credits: % is written by the ledger only', TG_TABLE_NAME
            USING ERRCODE = 'restrict_violation',
                  HINT = 'Post an entry: grant, reserve, release, consume, revoke or refund.';
    END IF;
    RETURN NEW;
END
$$;

-- Prevents: an entry being changed, deleted or truncated. What is wrong is put right
-- by a new entry, as in any ledger.
CREATE OR REPLACE FUNCTION service_credit_guard_entry() RETURNS trigger
LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'service credits: entries are never changed nor deleted (% refused)', TG_OP
        USING ERRCODE = 'restrict_violation',
              HINT = 'Correct a mistake with a new entry.';
END
$$;

DROP TRIGGER IF EXISTS service_credit_account_guard_insert ON service_credit_account;
CREATE TRIGGER service_credit_account_guard_insert
    BEFORE INSERT ON service_credit_account FOR EACH ROW
    WHEN (NEW.available IS DISTINCT FROM 0
          OR NEW.held IS DISTINCT FROM 0
          OR NEW.last_sequence IS DISTINCT FROM 0)
    EXECUTE FUNCTION service_credit_guard_insert();

-- partner_id may change: a merge of partners carries the account along.
DROP TRIGGER IF EXISTS service_credit_account_guard_update ON service_credit_account;
CREATE TRIGGER service_credit_account_guard_update
    BEFORE UPDATE OF company_id, available, held, last_sequence ON service_credit_account
    FOR EACH ROW EXECUTE FUNCTION service_credit_guard_update();

DROP TRIGGER IF EXISTS service_credit_lot_guard_insert ON service_credit_lot;
CREATE TRIGGER service_credit_lot_guard_insert
    BEFORE INSERT ON service_credit_lot FOR EACH ROW
    WHEN (NEW.quantity IS DISTINCT FROM 0
          OR NEW.available IS DISTINCT FROM 0
          OR NEW.held IS DISTINCT FROM 0
          OR NEW.spent IS DISTINCT FROM 0)
    EXECUTE FUNCTION service_credit_guard_insert();

DROP TRIGGER IF EXISTS service_credit_lot_guard_update ON service_credit_lot;
CREATE TRIGGER service_credit_lot_guard_update
    BEFORE UPDATE OF account_id, origin, quantity, available, held, spent,
                     unit_price, value, currency_id, grant_key, date
    ON service_credit_lot
    FOR EACH ROW EXECUTE FUNCTION service_credit_guard_update();

DROP TRIGGER IF EXISTS service_credit_hold_guard_insert ON service_credit_hold;
CREATE TRIGGER service_credit_hold_guard_insert
    BEFORE INSERT ON service_credit_hold FOR EACH ROW
    WHEN (NEW.quantity IS DISTINCT FROM 0
          OR NEW.consumed IS DISTINCT FROM 0
          OR NEW.released IS DISTINCT FROM 0)
    EXECUTE FUNCTION service_credit_guard_insert();

DROP TRIGGER IF EXISTS service_credit_hold_guard_update ON service_credit_hold;
CREATE TRIGGER service_credit_hold_guard_update
    BEFORE UPDATE OF account_id, ref, quantity, consumed, released ON service_credit_hold
    FOR EACH ROW EXECUTE FUNCTION service_credit_guard_update();

-- The columns are named so that an upgrade may still add and fill a new one.
DROP TRIGGER IF EXISTS service_credit_entry_guard_update ON service_credit_entry;
CREATE TRIGGER service_credit_entry_guard_update
    BEFORE UPDATE OF id, account_id, sequence, kind, lot_id, hold_id, available_change, held_change,
                     available_after, held_after, operation_key, date, user_id, reason, hash
    ON service_credit_entry
    FOR EACH ROW EXECUTE FUNCTION service_credit_guard_entry();

DROP TRIGGER IF EXISTS service_credit_entry_guard_delete ON service_credit_entry;
CREATE TRIGGER service_credit_entry_guard_delete
    BEFORE DELETE ON service_credit_entry
    FOR EACH ROW EXECUTE FUNCTION service_credit_guard_entry();

DROP TRIGGER IF EXISTS service_credit_entry_guard_truncate ON service_credit_entry;
CREATE TRIGGER service_credit_entry_guard_truncate
    BEFORE TRUNCATE ON service_credit_entry
    FOR EACH STATEMENT EXECUTE FUNCTION service_credit_guard_entry();
