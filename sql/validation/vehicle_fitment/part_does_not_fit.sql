-- Every recommended part fits the vehicle in the customer's profile, by the fitment data. A failure means that somebody
-- is sold a part that cannot be mounted.
-- table: vehicle_recommendations
-- severity: error
SELECT recommended.customer_id, recommended.v1_year, recommended.v1_make, recommended.v1_model, sku AS item_id
FROM vehicle_recommendations AS recommended
CROSS JOIN UNNEST(
  [recommended.rec_part_1, recommended.rec_part_2, recommended.rec_part_3, recommended.rec_part_4]
) AS sku
LEFT JOIN customers
  ON customers.customer_id = recommended.customer_id
  AND customers.vehicle_year = recommended.v1_year
  AND customers.vehicle_make = recommended.v1_make
  AND customers.vehicle_model = recommended.v1_model
LEFT JOIN fitment
  ON fitment.vehicle_year = customers.vehicle_year
  AND fitment.vehicle_make = customers.vehicle_make
  AND fitment.vehicle_model = customers.vehicle_model
  AND fitment.item_id = sku
WHERE fitment.item_id IS NULL
