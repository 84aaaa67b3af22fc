-- Order history ends the day before the event stream begins. A gap loses orders, an overlap counts them twice.
-- table: order_history
-- severity: warn
-- look-back: source_counts 1100 at most
WITH history AS (
  SELECT DATE(MAX(ordered_at)) AS last_day FROM order_history
),
stream AS (
  SELECT MIN(event_date) AS first_day FROM source_counts WHERE source_table = 'events' AND kept > 0
)
SELECT history.last_day, stream.first_day, DATE_DIFF(stream.first_day, history.last_day, DAY) - 1 AS gap_days
FROM history
CROSS JOIN stream
WHERE DATE_DIFF(stream.first_day, history.last_day, DAY) <> 1
