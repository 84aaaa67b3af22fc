-- Every vehicle with recommendations has enough eligible parts, counted anew from catalog and fitment. A failure means
-- that customers are shown the dregs of a list that is too short.
-- table: vehicle_recommendations
-- severity: error
WITH sellable AS (
  SELECT item_id
  FROM catalog
  WHERE price >= @min_price
    AND STARTS_WITH(image_url, 'https://')
    AND (tags IS NULL OR STRPOS(LOWER(tags), @refurbished_tag) = 0)
    AND NOT EXISTS (SELECT 1 FROM UNNEST(@service_prefixes) AS prefix WHERE STARTS_WITH(item_id, prefix))
    AND (
      category IS NULL
      OR LOWER(category) IN UNNEST(@kept_part_types)
      OR NOT EXISTS (SELECT 1 FROM UNNEST(@excluded_part_words) AS word WHERE STRPOS(LOWER(category), word) > 0)
    )
),
counted AS (
  SELECT fitment.vehicle_year, fitment.vehicle_make, fitment.vehicle_model, COUNT(DISTINCT fitment.item_id) AS parts
  FROM fitment
  JOIN sellable USING (item_id)
  GROUP BY fitment.vehicle_year, fitment.vehicle_make, fitment.vehicle_model
)
SELECT recommended.customer_id, recommended.v1_year, recommended.v1_make, recommended.v1_model, counted.parts
FROM vehicle_recommendations AS recommended
LEFT JOIN counted
  ON counted.vehicle_year = recommended.v1_year
  AND counted.vehicle_make = recommended.v1_make
  AND counted.vehicle_model = recommended.v1_model
WHERE COALESCE(counted.parts, 0) < @min_parts
