-- Nobody gets more parts of one type, as the catalog knows it, than allowed. Parts of unknown type are not alike. A
-- failure means that somebody is shown nearly the same thing several times.
-- table: vehicle_recommendations
-- severity: warn
SELECT recommended.customer_id, catalog.category AS part_type, COUNT(*) AS parts
FROM vehicle_recommendations AS recommended
CROSS JOIN UNNEST(
  [recommended.rec_part_1, recommended.rec_part_2, recommended.rec_part_3, recommended.rec_part_4]
) AS sku
JOIN catalog
  ON catalog.item_id = sku
WHERE catalog.category IS NOT NULL
GROUP BY recommended.customer_id, catalog.category
HAVING COUNT(*) > @max_per_part_type
