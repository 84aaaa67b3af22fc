-- The feed sends each event once. A repeated event is counted once; many of them mean that the feed is replayed.
-- table: landed_events
-- severity: warn
-- tolerance: 0.05
SELECT event_id, event_date, event_name
FROM landed_events
WHERE rejection IS NULL
QUALIFY ROW_NUMBER() OVER (PARTITION BY event_id, event_date ORDER BY event_ts) > 1
