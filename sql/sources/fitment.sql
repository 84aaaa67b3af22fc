-- One row per vehicle and item that fits it.
SELECT
  as_of, vehicle_year, vehicle_make, vehicle_model, item_id
FROM landed_fitment
WHERE rejection IS NULL
QUALIFY ROW_NUMBER() OVER (
  PARTITION BY vehicle_year, vehicle_make, vehicle_model, item_id
  ORDER BY item_id
) = 1
