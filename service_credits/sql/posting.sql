-- Posting: the one writer of balances.

-- The seal of an entry: SHA-256 over the seal of the entry before it (same account) and every
-- column of the ledger. Whoever alters an old entry, even with the triggers disabled, must alter
-- every later one, and the last seal no longer equals the one printed on the client's statement.
CREATE OR REPLACE FUNCTION service_credit_entry_hash(previous text, e service_credit_entry)
RETURNS text LANGUAGE sql STABLE AS $$
    SELECT encode(sha256(convert_to(previous || jsonb_build_array(
        e.account_id, e.sequence, e.kind, e.lot_id, e.hold_id, e.available_change, e.held_change,
        e.available_after, e.held_after, e.operation_key,
        to_char(e.date, 'YYYY-MM-DD"T"HH24:MI:SS.US'), e.user_id, e.reason)::text, 'UTF8')), 'hex')
$$;

-- Prevents: an entry that does not follow the one before it, and a forged seal.
-- A volatile row trigger sees the rows that the same statement inserted before this one.
CREATE OR REPLACE FUNCTION service_credit_entry_seal() RETURNS trigger
LANGUAGE plpgsql VOLATILE AS $$
DECLARE
    previous text := '';
BEGIN
    IF NEW.sequence > 1 THEN
        SELECT hash INTO previous FROM service_credit_entry
         WHERE account_id = NEW.account_id AND sequence = NEW.sequence - 1;
        IF NOT FOUND THEN
            RAISE EXCEPTION 'service credits: entry % of account % does not follow any entry',
                NEW.sequence, NEW.account_id USING ERRCODE = 'restrict_violation';
        END IF;
    END IF;
    NEW.hash := service_credit_entry_hash(previous, NEW);
    RETURN NEW;
END
$$;

-- Derives the balances of accounts, lots and holds from the entries just inserted, whatever
-- their number, and rechecks what the writer claimed. Every error undoes the whole statement.
CREATE OR REPLACE FUNCTION service_credit_entry_post() RETURNS trigger
LANGUAGE plpgsql AS $$
DECLARE
    wrong record;
    updated integer;
    expected integer;
BEGIN
    -- 1. Accounts. The row lock taken here also makes concurrent writers wait or, under
    --    REPEATABLE READ, start again: nobody posts on top of a balance it has not seen.
    UPDATE service_credit_account a
       SET available = a.available + p.available_change,
           held = a.held + p.held_change,
           last_sequence = a.last_sequence + p.entries
      FROM (SELECT account_id,
                   sum(available_change)::integer AS available_change,
                   sum(held_change)::integer AS held_change,
                   count(*)::integer AS entries
              FROM posted GROUP BY account_id) p
     WHERE a.id = p.account_id;

    -- Prevents: running totals and sequences that do not continue the account's.
    SELECT c.* INTO wrong
      FROM (SELECT p.account_id, p.sequence, p.available_after, p.held_after,
                   a.last_sequence - (count(*) OVER later)::integer AS due_sequence,
                   a.available - coalesce(sum(p.available_change) OVER later, 0) AS due_available,
                   a.held - coalesce(sum(p.held_change) OVER later, 0) AS due_held
              FROM posted p JOIN service_credit_account a ON a.id = p.account_id
            WINDOW later AS (PARTITION BY p.account_id ORDER BY p.sequence
                             ROWS BETWEEN 1 FOLLOWING AND UNBOUNDED FOLLOWING)) c
     WHERE c.sequence <> c.due_sequence
        OR c.available_after <> c.due_available
        OR c.held_after <> c.due_held
     LIMIT 1;
    IF FOUND THEN
        RAISE EXCEPTION 'service credits: entry % of account % claims % available and % held, due are entry % with % and %',
            wrong.sequence, wrong.account_id, wrong.available_after, wrong.held_after,
            wrong.due_sequence, wrong.due_available, wrong.due_held
            USING ERRCODE = 'restrict_violation';
    END IF;

    -- 2. Lots. What enters or leaves the account changes the lot's quantity when it is granted
    --    or revoked, and what is spent when it is consumed or refunded.
    UPDATE service_credit_lot l
       SET quantity = l.quantity + p.brought,
           available = l.available + p.available_change,
           held = l.held + p.held_change,
           spent = l.spent + p.spent
      FROM (SELECT lot_id, account_id,
                   sum(available_change)::integer AS available_change,
                   sum(held_change)::integer AS held_change,
                   coalesce(sum(available_change + held_change)
                            FILTER (WHERE kind IN ('grant', 'revoke')), 0)::integer AS brought,
                   coalesce(-sum(available_change + held_change)
                            FILTER (WHERE kind IN ('consume', 'refund')), 0)::integer AS spent
              FROM posted GROUP BY lot_id, account_id) p
     WHERE l.id = p.lot_id AND l.account_id = p.account_id;
    GET DIAGNOSTICS updated = ROW_COUNT;
    SELECT count(*) INTO expected FROM (SELECT DISTINCT lot_id, account_id FROM posted) d;
    -- Prevents: an entry of one account on another account's lot.
    IF updated <> expected THEN
        RAISE EXCEPTION 'service credits: an entry names a lot of another account'
            USING ERRCODE = 'restrict_violation';
    END IF;

    -- 3. Holds, when there are any: a grant of thousands skips all of this.
    IF NOT EXISTS (SELECT FROM posted WHERE hold_id IS NOT NULL) THEN
        RETURN NULL;
    END IF;
    -- A refund takes back what the hold consumed; the credits go back to the stock: released.
    UPDATE service_credit_hold h
       SET quantity = h.quantity + p.reserved,
           consumed = h.consumed + p.consumed,
           released = h.released + p.released
      FROM (SELECT hold_id, account_id,
                   coalesce(sum(held_change) FILTER (WHERE kind = 'reserve'), 0)::integer AS reserved,
                   coalesce(-sum(available_change + held_change), 0)::integer AS consumed,
                   coalesce(sum(available_change)
                            FILTER (WHERE kind IN ('release', 'refund')), 0)::integer AS released
              FROM posted WHERE hold_id IS NOT NULL GROUP BY hold_id, account_id) p
     WHERE h.id = p.hold_id AND h.account_id = p.account_id;
    GET DIAGNOSTICS updated = ROW_COUNT;
    SELECT count(*) INTO expected
      FROM (SELECT DISTINCT hold_id, account_id FROM posted WHERE hold_id IS NOT NULL) d;
    -- Prevents: an entry of one account on another account's hold.
    IF updated <> expected THEN
        RAISE EXCEPTION 'service credits: an entry names a hold of another account'
            USING ERRCODE = 'restrict_violation';
    END IF;

    -- Prevents: a hold that gives back or consumes from a lot what it never took there,
    -- and a refund of more than was consumed.
    SELECT e.hold_id, e.lot_id INTO wrong
      FROM service_credit_entry e
      JOIN (SELECT DISTINCT hold_id, lot_id FROM posted WHERE hold_id IS NOT NULL) d
        ON d.hold_id = e.hold_id AND d.lot_id = e.lot_id
     GROUP BY e.hold_id, e.lot_id
    HAVING sum(e.held_change) < 0 OR sum(e.available_change + e.held_change) > 0
     LIMIT 1;
    IF FOUND THEN
        RAISE EXCEPTION 'service credits: hold % settles more of lot % than it holds there',
            wrong.hold_id, wrong.lot_id USING ERRCODE = 'restrict_violation';
    END IF;
    RETURN NULL;
END
$$;

DROP TRIGGER IF EXISTS service_credit_entry_seal ON service_credit_entry;
CREATE TRIGGER service_credit_entry_seal
    BEFORE INSERT ON service_credit_entry
    FOR EACH ROW EXECUTE FUNCTION service_credit_entry_seal();

DROP TRIGGER IF EXISTS service_credit_entry_post ON service_credit_entry;
CREATE TRIGGER service_credit_entry_post
    AFTER INSERT ON service_credit_entry
    REFERENCING NEW TABLE AS posted
    FOR EACH STATEMENT EXECUTE FUNCTION service_credit_entry_post();
