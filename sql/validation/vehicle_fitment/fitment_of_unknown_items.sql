-- Some of what fits a vehicle is sold: makers list far more than a shop has. A failure means that fitment and catalog
-- write their ids differently (1.0 and 1), so that hardly anything can be recommended: nothing of the day is
-- published.
-- table: fitment
-- severity: error
-- tolerance: 0.99
-- remedy: Write fitment.item_id and catalog.item_id alike in both feeds.
SELECT vehicle_year, vehicle_make, vehicle_model, item_id
FROM fitment
WHERE item_id NOT IN (SELECT item_id FROM catalog)
  AND (SELECT COUNT(*) FROM fitment) >= @unknown_minimum
