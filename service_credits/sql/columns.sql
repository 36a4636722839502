-- Columns that PostgreSQL itself must keep honest.
--
-- An integer column without NOT NULL stays NULL when forgotten, and every CHECK on NULL passes
-- silently: so each quantity is NOT NULL with a default of 0.

ALTER TABLE service_credit_account
    ALTER COLUMN available     SET DEFAULT 0, ALTER COLUMN available     SET NOT NULL,
    ALTER COLUMN held          SET DEFAULT 0, ALTER COLUMN held          SET NOT NULL,
    ALTER COLUMN last_sequence SET DEFAULT 0, ALTER COLUMN last_sequence SET NOT NULL,
    ALTER COLUMN partner_id    SET NOT NULL,
    ALTER COLUMN company_id    SET NOT NULL;

ALTER TABLE service_credit_lot
    ALTER COLUMN quantity   SET DEFAULT 0, ALTER COLUMN quantity   SET NOT NULL,
    ALTER COLUMN available  SET DEFAULT 0, ALTER COLUMN available  SET NOT NULL,
    ALTER COLUMN held       SET DEFAULT 0, ALTER COLUMN held       SET NOT NULL,
    ALTER COLUMN spent      SET DEFAULT 0, ALTER COLUMN spent      SET NOT NULL,
    ALTER COLUMN unit_price SET DEFAULT 0, ALTER COLUMN unit_price SET NOT NULL,
    ALTER COLUMN value      SET DEFAULT 0, ALTER COLUMN value      SET NOT NULL,
    ALTER COLUMN account_id SET NOT NULL,
    ALTER COLUMN origin     SET NOT NULL,
    ALTER COLUMN grant_key  SET NOT NULL,
    ALTER COLUMN date       SET NOT NULL;

ALTER TABLE service_credit_hold
    ALTER COLUMN quantity   SET DEFAULT 0, ALTER COLUMN quantity   SET NOT NULL,
    ALTER COLUMN consumed   SET DEFAULT 0, ALTER COLUMN consumed   SET NOT NULL,
    ALTER COLUMN released   SET DEFAULT 0, ALTER COLUMN released   SET NOT NULL,
    ALTER COLUMN account_id SET NOT NULL,
    ALTER COLUMN ref        SET NOT NULL;

ALTER TABLE service_credit_entry
    ALTER COLUMN account_id       SET NOT NULL,
    ALTER COLUMN sequence         SET NOT NULL,
    ALTER COLUMN kind             SET NOT NULL,
    ALTER COLUMN lot_id           SET NOT NULL,
    ALTER COLUMN available_change SET NOT NULL,
    ALTER COLUMN held_change      SET NOT NULL,
    ALTER COLUMN available_after  SET NOT NULL,
    ALTER COLUMN held_after       SET NOT NULL,
    ALTER COLUMN operation_key    SET NOT NULL,
    ALTER COLUMN date             SET NOT NULL,
    ALTER COLUMN user_id          SET NOT NULL,
    ALTER COLUMN hash             SET NOT NULL;

-- Sums that are sorted and grouped in lists: stored, and computed by PostgreSQL alone.
-- The ORM makes plain columns of them first; they are replaced once.
DO $$
BEGIN
    IF (SELECT attgenerated FROM pg_attribute
         WHERE attrelid = 'service_credit_account'::regclass AND attname = 'balance') = '' THEN
        ALTER TABLE service_credit_account DROP COLUMN balance;
        ALTER TABLE service_credit_account
            ADD COLUMN balance integer GENERATED ALWAYS AS (available + held) STORED;
    END IF;
    IF (SELECT attgenerated FROM pg_attribute
         WHERE attrelid = 'service_credit_hold'::regclass AND attname = 'remaining') = '' THEN
        ALTER TABLE service_credit_hold DROP COLUMN remaining;
        ALTER TABLE service_credit_hold
            ADD COLUMN remaining integer GENERATED ALWAYS AS (quantity - consumed - released) STORED;
    END IF;
END
$$;
