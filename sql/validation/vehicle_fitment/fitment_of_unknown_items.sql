-- Some of what fits a vehicle is sold: makers list far more than a shop has. A failure means that fitment and catalog
-- write their ids differently (1.0 and 1), so that hardly anything can be recommended: nothing of the day is
-- published.
-- table: fitment
-- severity: error
-- tolerance: 0.99
-- remedy: Write fitment.item_id and catalog.item_id alike in both feeds.
WITH unknown AS (
  SELECT vehicle_year, vehicle_make, vehicle_model, item_id
  FROM fitment
  WHERE item_id NOT IN (SELECT item_id FROM catalog)
),
counted AS (
  SELECT
    (SELECT COUNT(*) FROM unknown) AS unknown_rows,
    (SELECT COUNT(*) FROM fitment) AS all_rows
)
SELECT unknown.vehicle_year, unknown.vehicle_make, unknown.vehicle_model, unknown.item_id
FROM unknown
CROSS JOIN counted
-- Few rows say nothing, unless not one of them is known.
WHERE counted.all_rows >= @unknown_minimum
  OR (counted.all_rows >= 5 AND counted.unknown_rows = counted.all_rows)
