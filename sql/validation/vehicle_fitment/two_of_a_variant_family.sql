-- A customer gets at most one of a base part and its variants (`RA003`, `RA003B`, `RA003R`). A failure means that an
-- e-mail shows one part in two colors.
-- table: vehicle_recommendations
-- severity: error
WITH part_families AS (
  SELECT customer_id, REGEXP_REPLACE(rec_part_1, r'([0-9])[BRGP]$', r'\1') AS family FROM vehicle_recommendations
  UNION ALL
  SELECT customer_id, REGEXP_REPLACE(rec_part_2, r'([0-9])[BRGP]$', r'\1') FROM vehicle_recommendations
  UNION ALL
  SELECT customer_id, REGEXP_REPLACE(rec_part_3, r'([0-9])[BRGP]$', r'\1') FROM vehicle_recommendations
  UNION ALL
  SELECT customer_id, REGEXP_REPLACE(rec_part_4, r'([0-9])[BRGP]$', r'\1') FROM vehicle_recommendations
)
SELECT customer_id, family, COUNT(*) AS parts
FROM part_families
GROUP BY customer_id, family
HAVING COUNT(*) > 1
