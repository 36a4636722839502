-- Reconciliation: recompute everything from the entries and report every difference.
-- One statement, so one snapshot: it can run while others post. It never corrects.
--
-- accounts: limit to these accounts; NULL for all.
CREATE OR REPLACE FUNCTION service_credit_reconcile(accounts integer[])
RETURNS TABLE (account_id integer, problem text, lot_id integer, hold_id integer,
               entry_sequence integer, expected text, found text)
LANGUAGE sql STABLE AS $$
WITH entries AS MATERIALIZED (
    SELECT e.id, e.account_id, e.sequence, e.kind, e.lot_id, e.hold_id,
           e.available_change, e.held_change, e.available_after, e.held_after, e.hash,
           row_number() OVER chain AS due_sequence,
           sum(e.available_change) OVER chain AS due_available,
           sum(e.held_change) OVER chain AS due_held,
           service_credit_entry_hash(coalesce(lag(e.hash) OVER chain, ''), e) AS due_hash
      FROM service_credit_entry e
     WHERE accounts IS NULL OR e.account_id = ANY(accounts)
    WINDOW chain AS (PARTITION BY e.account_id ORDER BY e.sequence)
)
-- Entries: a gap means that one is missing, or was renumbered.
SELECT e.account_id, 'sequence', e.lot_id, e.hold_id, e.sequence,
       e.due_sequence::text, e.sequence::text
  FROM entries e WHERE e.sequence <> e.due_sequence
UNION ALL
SELECT e.account_id, 'running_total', e.lot_id, e.hold_id, e.sequence,
       format('%s / %s', e.due_available, e.due_held),
       format('%s / %s', e.available_after, e.held_after)
  FROM entries e WHERE e.available_after <> e.due_available OR e.held_after <> e.due_held
UNION ALL
SELECT e.account_id, 'seal', e.lot_id, e.hold_id, e.sequence, e.due_hash, e.hash
  FROM entries e WHERE e.hash IS DISTINCT FROM e.due_hash
UNION ALL
SELECT e.account_id, 'sign', e.lot_id, e.hold_id, e.sequence,
       e.kind, format('%s / %s', e.available_change, e.held_change)
  FROM entries e
 WHERE NOT coalesce(CASE e.kind
        WHEN 'grant'   THEN available_change > 0 AND held_change = 0 AND hold_id IS NULL
        WHEN 'revoke'  THEN available_change < 0 AND held_change = 0 AND hold_id IS NULL
        WHEN 'reserve' THEN available_change < 0 AND held_change = -available_change AND hold_id IS NOT NULL
        WHEN 'release' THEN available_change > 0 AND held_change = -available_change AND hold_id IS NOT NULL
        WHEN 'consume' THEN available_change = 0 AND held_change < 0 AND hold_id IS NOT NULL
        WHEN 'refund'  THEN available_change > 0 AND held_change = 0 AND hold_id IS NOT NULL END, false)
-- Entries on the lot or the hold of another account.
UNION ALL
SELECT e.account_id, 'foreign_lot', e.lot_id, e.hold_id, e.sequence,
       e.account_id::text, l.account_id::text
  FROM entries e LEFT JOIN service_credit_lot l ON l.id = e.lot_id
 WHERE l.account_id IS DISTINCT FROM e.account_id
UNION ALL
SELECT e.account_id, 'foreign_hold', e.lot_id, e.hold_id, e.sequence,
       e.account_id::text, h.account_id::text
  FROM entries e LEFT JOIN service_credit_hold h ON h.id = e.hold_id
 WHERE e.hold_id IS NOT NULL AND h.account_id IS DISTINCT FROM e.account_id
-- A hold that settled more of a lot than it had reserved there.
UNION ALL
SELECT min(e.account_id), 'hold_lot', e.lot_id, e.hold_id, NULL,
       '>= 0', least(sum(e.held_change), -sum(e.available_change + e.held_change))::text
  FROM entries e WHERE e.hold_id IS NOT NULL
 GROUP BY e.lot_id, e.hold_id
HAVING sum(e.held_change) < 0 OR sum(e.available_change + e.held_change) > 0
-- Accounts: balances and the number of entries.
UNION ALL
SELECT a.id, 'account', NULL, NULL, NULL,
       format('%s / %s (%s)', coalesce(t.available, 0), coalesce(t.held, 0), coalesce(t.entries, 0)),
       format('%s / %s (%s)', a.available, a.held, a.last_sequence)
  FROM service_credit_account a
  LEFT JOIN (SELECT e.account_id, sum(e.available_change) AS available, sum(e.held_change) AS held,
                    count(*) AS entries
               FROM entries e GROUP BY e.account_id) t ON t.account_id = a.id
 WHERE (accounts IS NULL OR a.id = ANY(accounts))
   AND (a.available, a.held, a.last_sequence)
       IS DISTINCT FROM (coalesce(t.available, 0), coalesce(t.held, 0), coalesce(t.entries, 0))
UNION ALL
SELECT l.account_id, 'lot', l.id, NULL, NULL,
       format('%s = %s + %s + %s', coalesce(t.quantity, 0), coalesce(t.available, 0),
              coalesce(t.held, 0), coalesce(t.spent, 0)),
       format('%s = %s + %s + %s', l.quantity, l.available, l.held, l.spent)
  FROM service_credit_lot l
  LEFT JOIN (SELECT e.lot_id, sum(e.available_change) AS available, sum(e.held_change) AS held,
                    coalesce(sum(e.available_change + e.held_change)
                             FILTER (WHERE e.kind IN ('grant', 'revoke')), 0) AS quantity,
                    coalesce(-sum(e.available_change + e.held_change)
                             FILTER (WHERE e.kind IN ('consume', 'refund')), 0) AS spent
               FROM entries e GROUP BY e.lot_id) t ON t.lot_id = l.id
 WHERE (accounts IS NULL OR l.account_id = ANY(accounts))
   AND (l.quantity, l.available, l.held, l.spent)
       IS DISTINCT FROM (coalesce(t.quantity, 0), coalesce(t.available, 0),
                         coalesce(t.held, 0), coalesce(t.spent, 0))
UNION ALL
SELECT h.account_id, 'hold', NULL, h.id, NULL,
       format('%s: %s + %s', coalesce(t.quantity, 0), coalesce(t.consumed, 0), coalesce(t.released, 0)),
       format('%s: %s + %s', h.quantity, h.consumed, h.released)
  FROM service_credit_hold h
  LEFT JOIN (SELECT e.hold_id,
                    coalesce(sum(e.held_change) FILTER (WHERE e.kind = 'reserve'), 0) AS quantity,
                    coalesce(-sum(e.available_change + e.held_change), 0) AS consumed,
                    coalesce(sum(e.available_change)
                             FILTER (WHERE e.kind IN ('release', 'refund')), 0) AS released
               FROM entries e WHERE e.hold_id IS NOT NULL GROUP BY e.hold_id) t ON t.hold_id = h.id
 WHERE (accounts IS NULL OR h.account_id = ANY(accounts))
   AND (h.quantity, h.consumed, h.released)
       IS DISTINCT FROM (coalesce(t.quantity, 0), coalesce(t.consumed, 0), coalesce(t.released, 0))
$$;
