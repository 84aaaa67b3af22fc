-- No recommended part costs less than the minimum, and each has the catalog's price. A failure means that e-mails offer
-- what the retailer does not want offered, or at a price that the shop does not charge.
-- table: vehicle_recommendations
-- severity: error
SELECT recommended.customer_id, part.item_id, part.price, catalog.price AS catalog_price
FROM vehicle_recommendations AS recommended
CROSS JOIN UNNEST([
  STRUCT(recommended.rec_part_1 AS item_id, recommended.rec1_price AS price),
  STRUCT(recommended.rec_part_2, recommended.rec2_price),
  STRUCT(recommended.rec_part_3, recommended.rec3_price),
  STRUCT(recommended.rec_part_4, recommended.rec4_price)
]) AS part
LEFT JOIN catalog
  ON catalog.item_id = part.item_id
WHERE catalog.item_id IS NULL OR catalog.price < @min_price OR part.price <> catalog.price
