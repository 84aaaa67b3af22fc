-- Whoever does something is mostly somebody whom the company knows. A failure means that events and customers write
-- their ids differently (1.0 and 1), so that nobody's events are found: nothing of the day is published. Events
-- without a customer are anonymous and do not count.
-- table: customers
-- of: events
-- among: customer_id IS NOT NULL
-- severity: error
-- tolerance: @unknown_tolerance
-- remedy: Write events.customer_id and customers.customer_id alike in both feeds, or raise unknown_tolerance.
-- look-back: events 1
WITH unknown AS (
  SELECT event_id, customer_id
  FROM events
  WHERE customer_id NOT IN (SELECT customer_id FROM customers)
),
counted AS (
  SELECT
    (SELECT COUNT(*) FROM unknown) AS unknown_rows,
    (SELECT COUNT(*) FROM events WHERE customer_id IS NOT NULL) AS all_rows
)
SELECT unknown.event_id, unknown.customer_id
FROM unknown
CROSS JOIN counted
-- Few rows say nothing, unless not one of them is known.
WHERE counted.all_rows >= @unknown_minimum
  OR (counted.all_rows >= 5 AND counted.unknown_rows = counted.all_rows)
