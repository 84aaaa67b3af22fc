-- No recommended part bears the catalog's tag for refurbished items. A failure means that used goods are advertised.
-- table: vehicle_recommendations
-- severity: error
SELECT recommended.customer_id, sku AS item_id, catalog.tags
FROM vehicle_recommendations AS recommended
CROSS JOIN UNNEST(
  [recommended.rec_part_1, recommended.rec_part_2, recommended.rec_part_3, recommended.rec_part_4]
) AS sku
JOIN catalog
  ON catalog.item_id = sku
WHERE STRPOS(LOWER(catalog.tags), @refurbished_tag) > 0
