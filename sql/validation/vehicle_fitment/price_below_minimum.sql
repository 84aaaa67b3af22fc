-- No recommended part costs less than the minimum, and each has the catalog's price. A failure means that e-mails offer
-- what the retailer does not want offered, or at a price that the shop does not charge.
-- table: vehicle_recommendations
-- severity: error
WITH parts AS (
  SELECT customer_id, rec_part_1 AS item_id, rec1_price AS price FROM vehicle_recommendations
  UNION ALL
  SELECT customer_id, rec_part_2, rec2_price FROM vehicle_recommendations
  UNION ALL
  SELECT customer_id, rec_part_3, rec3_price FROM vehicle_recommendations
  UNION ALL
  SELECT customer_id, rec_part_4, rec4_price FROM vehicle_recommendations
)
SELECT parts.customer_id, parts.item_id, parts.price, catalog.price AS catalog_price
FROM parts
LEFT JOIN catalog
  ON catalog.item_id = parts.item_id
WHERE catalog.item_id IS NULL OR catalog.price < @min_price OR parts.price <> catalog.price
