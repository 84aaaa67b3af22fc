-- A customer gets at most one of a base part and its variants (`RA003`, `RA003B`, `RA003R`). A failure means that an
-- e-mail shows one part in two colors.
-- table: vehicle_recommendations
-- severity: error
WITH part_families AS (
  SELECT
    recommended.customer_id,
    REGEXP_REPLACE(sku, r'([0-9])[BRGP]$', r'\1') AS family
  FROM vehicle_recommendations AS recommended
  CROSS JOIN UNNEST(
    [recommended.rec_part_1, recommended.rec_part_2, recommended.rec_part_3, recommended.rec_part_4]
  ) AS sku
)
SELECT customer_id, family, COUNT(*) AS parts
FROM part_families
GROUP BY customer_id, family
HAVING COUNT(*) > 1
