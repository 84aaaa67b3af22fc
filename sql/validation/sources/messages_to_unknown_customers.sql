-- Messages are sent to customers whom the company knows. The newest day of the week with messages is judged, as there
-- are not some every day. A failure means that treatments and customers write their ids differently (1.0 and 1), so
-- that messages are of no segment and bring no orders: nothing of the day is published.
-- table: customers
-- of: treatments
-- among: event_date = (SELECT MAX(event_date) FROM treatments)
-- severity: error
-- tolerance: @unknown_tolerance
-- remedy: Write treatments.customer_id and customers.customer_id alike in both feeds, or raise unknown_tolerance.
-- look-back: treatments 7
WITH newest AS (
  SELECT send_id, customer_id
  FROM treatments
  WHERE event_date = (SELECT MAX(event_date) FROM treatments)
),
unknown AS (
  SELECT send_id, customer_id
  FROM newest
  WHERE customer_id NOT IN (SELECT customer_id FROM customers)
),
counted AS (
  SELECT
    (SELECT COUNT(*) FROM unknown) AS unknown_rows,
    (SELECT COUNT(*) FROM newest) AS all_rows
)
SELECT unknown.send_id, unknown.customer_id
FROM unknown
CROSS JOIN counted
-- Few rows say nothing, unless not one of them is known.
WHERE counted.all_rows >= @unknown_minimum
  OR (counted.all_rows >= 5 AND counted.unknown_rows = counted.all_rows)
