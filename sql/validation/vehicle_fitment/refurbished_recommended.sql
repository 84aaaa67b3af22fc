-- No recommended part bears the catalog's tag for refurbished items. A failure means that used goods are advertised.
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
SELECT parts.customer_id, parts.item_id, catalog.tags
FROM parts
JOIN catalog
  ON catalog.item_id = parts.item_id
WHERE STRPOS(LOWER(catalog.tags), @refurbished_tag) > 0
