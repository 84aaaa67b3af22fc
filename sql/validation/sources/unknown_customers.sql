-- Whoever does something is mostly somebody whom the company knows. Guests, and profiles that were deleted since, are
-- not; many more of them than usual mean that profiles are missing. When most are unknown,
-- events_of_unknown_customers says so and stops the day.
-- table: customers
-- of: events
-- among: customer_id IS NOT NULL
-- severity: warn
-- tolerance: @unknown_warning
-- look-back: events 1
WITH unknown AS (
  SELECT event_id, customer_id
  FROM events
  WHERE customer_id NOT IN (SELECT customer_id FROM customers)
),
counted AS (
  SELECT
    (SELECT COUNT(*) FROM unknown) AS unknown_events,
    (SELECT COUNT(*) FROM events WHERE customer_id IS NOT NULL) AS all_events
)
SELECT unknown.event_id, unknown.customer_id
FROM unknown
CROSS JOIN counted
WHERE counted.all_events >= @unknown_minimum
  AND counted.unknown_events <= @unknown_tolerance * counted.all_events
