-- Every recommended part fits the vehicle in the customer's profile, by the fitment data. A failure means that somebody
-- is sold a part that cannot be mounted.
-- table: vehicle_recommendations
-- severity: error
WITH parts AS (
  SELECT customer_id, v1_year, v1_make, v1_model, rec_part_1 AS item_id FROM vehicle_recommendations
  UNION ALL
  SELECT customer_id, v1_year, v1_make, v1_model, rec_part_2 FROM vehicle_recommendations
  UNION ALL
  SELECT customer_id, v1_year, v1_make, v1_model, rec_part_3 FROM vehicle_recommendations
  UNION ALL
  SELECT customer_id, v1_year, v1_make, v1_model, rec_part_4 FROM vehicle_recommendations
)
SELECT parts.customer_id, parts.v1_year, parts.v1_make, parts.v1_model, parts.item_id
FROM parts
LEFT JOIN customers
  ON customers.customer_id = parts.customer_id
  AND customers.vehicle_year = parts.v1_year
  AND customers.vehicle_make = parts.v1_make
  AND customers.vehicle_model = parts.v1_model
LEFT JOIN fitment
  ON fitment.vehicle_year = customers.vehicle_year
  AND fitment.vehicle_make = customers.vehicle_make
  AND fitment.vehicle_model = customers.vehicle_model
  AND fitment.item_id = parts.item_id
WHERE fitment.item_id IS NULL
