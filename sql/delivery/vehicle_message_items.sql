-- One row per part that a customer is shown, by its place, as messages show it.
WITH parts AS (
  SELECT
    customer_id,
    place,
    CASE place WHEN 1 THEN rec_part_1 WHEN 2 THEN rec_part_2 WHEN 3 THEN rec_part_3 ELSE rec_part_4 END AS item_id,
    CASE place WHEN 1 THEN rec1_price WHEN 2 THEN rec2_price WHEN 3 THEN rec3_price ELSE rec4_price END AS price,
    CASE place WHEN 1 THEN rec1_image WHEN 2 THEN rec2_image WHEN 3 THEN rec3_image ELSE rec4_image END AS image_url
  FROM published
  CROSS JOIN UNNEST([1, 2, 3, 4]) AS place
)
SELECT
  parts.customer_id,
  parts.place AS rank,
  parts.item_id,
  CAST(NULL AS STRING) AS offer_id,
  CAST(NULL AS DATE) AS ends_on,
  CAST(NULL AS FLOAT64) AS discount,
  parts.price,
  catalog.name,
  parts.image_url
FROM parts
LEFT JOIN catalog
  ON catalog.item_id = parts.item_id
ORDER BY parts.customer_id, parts.place
