-- Few order lines are reported by several feeds, or by one feed on several days; each is counted once. Far more of them
-- than usual mean that orders are delivered twice.
-- table: events
-- severity: warn
-- tolerance: 0.5
-- of: landed_events
-- among: rejection IS NULL AND event_name IN UNNEST(@order_line_names)
SELECT landed_events.event_id, landed_events.event_date, landed_events.order_id, landed_events.item_id
FROM landed_events
LEFT JOIN events
  ON events.event_id = landed_events.event_id AND events.event_date = landed_events.event_date
WHERE landed_events.rejection IS NULL
  AND landed_events.event_name IN UNNEST(@order_line_names)
  AND events.event_id IS NULL
