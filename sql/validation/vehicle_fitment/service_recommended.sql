-- No recommended SKU begins like that of a service (installation, labor, gift cards). A failure means that something is
-- advertised that is not a part.
-- table: vehicle_recommendations
-- severity: error
WITH parts AS (
  SELECT customer_id, rec_part_1 AS item_id FROM vehicle_recommendations
  UNION ALL
  SELECT customer_id, rec_part_2 FROM vehicle_recommendations
  UNION ALL
  SELECT customer_id, rec_part_3 FROM vehicle_recommendations
  UNION ALL
  SELECT customer_id, rec_part_4 FROM vehicle_recommendations
)
SELECT customer_id, item_id
FROM parts
WHERE EXISTS (SELECT 1 FROM UNNEST(@service_prefixes) AS prefix WHERE STARTS_WITH(item_id, prefix))
