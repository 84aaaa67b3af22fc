-- One row per vehicle and part that may be recommended: the part fits the vehicle and passes the merchandising rules. A
-- vehicle with fewer than @min_parts of them has none.
WITH merchandise AS (
  SELECT
    item_id,
    REGEXP_REPLACE(item_id, r'([0-9])[BRGP]$', r'\1') AS family,
    category AS part_type,
    price,
    image_url
  FROM catalog
  WHERE price >= @min_price
    AND STARTS_WITH(image_url, 'https://')
    AND STRPOS(LOWER(COALESCE(tags, '')), @refurbished_tag) = 0
    AND NOT EXISTS (SELECT 1 FROM UNNEST(@service_prefixes) AS prefix WHERE STARTS_WITH(item_id, prefix))
    AND (
      category IS NULL
      OR LOWER(category) IN UNNEST(@kept_part_types)
      OR NOT EXISTS (SELECT 1 FROM UNNEST(@excluded_part_words) AS word WHERE STRPOS(LOWER(category), word) > 0)
    )
),
reach AS (
  SELECT item_id, COUNT(*) AS vehicles_fitted FROM fitment GROUP BY item_id
)
SELECT
  @as_of AS as_of,
  CONCAT(CAST(fitment.vehicle_year AS STRING), '|', fitment.vehicle_make, '|', fitment.vehicle_model) AS vehicle,
  fitment.vehicle_make,
  fitment.vehicle_model,
  merchandise.item_id,
  merchandise.family,
  merchandise.part_type,
  merchandise.price,
  merchandise.image_url,
  reach.vehicles_fitted
FROM fitment
JOIN merchandise USING (item_id)
JOIN reach USING (item_id)
QUALIFY COUNT(*) OVER (PARTITION BY fitment.vehicle_year, fitment.vehicle_make, fitment.vehicle_model) >= @min_parts
