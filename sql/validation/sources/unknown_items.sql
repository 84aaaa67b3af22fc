-- Every item that customers look at or buy is in the catalog. The others cannot be resolved.
-- table: catalog
-- of: events
-- among: item_id IS NOT NULL
-- severity: warn
-- tolerance: 0.7
-- look-back: events 1
SELECT event_id, item_id
FROM events
WHERE item_id IS NOT NULL
  AND item_id NOT IN (SELECT item_id FROM catalog)
