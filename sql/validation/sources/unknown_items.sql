-- Most of what customers look at or buy stands in the catalog, itself or as the variant of an item that does (RA003B
-- of RA003). Items that were delisted since do not, and their events cannot be resolved. When most are unknown,
-- events_of_unknown_items says so and stops the day.
-- table: catalog
-- of: events
-- among: item_id IS NOT NULL
-- severity: warn
-- tolerance: @unknown_warning
-- look-back: events 1
WITH unknown AS (
  SELECT event_id, item_id
  FROM events
  WHERE item_id NOT IN (SELECT item_id FROM catalog)
    AND REGEXP_REPLACE(item_id, r'([0-9])[BRGP]$', r'\1') NOT IN (SELECT item_id FROM catalog)
),
counted AS (
  SELECT
    (SELECT COUNT(*) FROM unknown) AS unknown_events,
    (SELECT COUNT(*) FROM events WHERE item_id IS NOT NULL) AS all_events
)
SELECT unknown.event_id, unknown.item_id
FROM unknown
CROSS JOIN counted
WHERE counted.all_events >= @unknown_minimum
  AND counted.unknown_events <= @unknown_tolerance * counted.all_events
