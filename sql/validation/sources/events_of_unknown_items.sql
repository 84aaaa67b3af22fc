-- Most of what customers look at or buy stands in the catalog, itself or as the variant of an item that does (RA003B
-- of RA003). A failure means that events and catalog write their ids differently (1.0 and 1), so that events say
-- nothing about any item: nothing of the day is published.
-- table: catalog
-- of: events
-- among: item_id IS NOT NULL
-- severity: error
-- tolerance: @unknown_tolerance
-- remedy: Write events.item_id and catalog.item_id alike in both feeds, or raise unknown_tolerance.
-- look-back: events 1
WITH unknown AS (
  SELECT event_id, item_id
  FROM events
  WHERE item_id NOT IN (SELECT item_id FROM catalog)
    AND REGEXP_REPLACE(item_id, r'([0-9])[BRGP]$', r'\1') NOT IN (SELECT item_id FROM catalog)
),
counted AS (
  SELECT
    (SELECT COUNT(*) FROM unknown) AS unknown_rows,
    (SELECT COUNT(*) FROM events WHERE item_id IS NOT NULL) AS all_rows
)
SELECT unknown.event_id, unknown.item_id
FROM unknown
CROSS JOIN counted
-- Few rows say nothing, unless not one of them is known.
WHERE counted.all_rows >= @unknown_minimum
  OR (counted.all_rows >= 5 AND counted.unknown_rows = counted.all_rows)
