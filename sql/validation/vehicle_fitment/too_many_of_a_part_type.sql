-- Nobody gets more parts of one type, as the catalog knows it, than allowed. Parts of unknown type are not alike. A
-- failure means that somebody is shown nearly the same thing several times.
-- table: vehicle_recommendations
-- severity: warn
WITH recommended AS (
  SELECT customer_id, rec_part_1 AS item_id FROM vehicle_recommendations
  UNION ALL
  SELECT customer_id, rec_part_2 FROM vehicle_recommendations
  UNION ALL
  SELECT customer_id, rec_part_3 FROM vehicle_recommendations
  UNION ALL
  SELECT customer_id, rec_part_4 FROM vehicle_recommendations
)
SELECT recommended.customer_id, catalog.category AS part_type, COUNT(*) AS parts
FROM recommended
JOIN catalog
  ON catalog.item_id = recommended.item_id
WHERE catalog.category IS NOT NULL
GROUP BY recommended.customer_id, catalog.category
HAVING COUNT(*) > @max_per_part_type
