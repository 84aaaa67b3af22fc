-- Everybody gets four parts, each with its price, score and picture. A failure means that e-mails go out with a gap.
-- table: vehicle_recommendations
-- severity: error
WITH parts AS (
  SELECT
    customer_id, 1 AS place, rec_part_1 AS item_id, rec1_price AS price, rec1_score AS score, rec1_image AS image_url
  FROM vehicle_recommendations
  UNION ALL
  SELECT customer_id, 2, rec_part_2, rec2_price, rec2_score, rec2_image FROM vehicle_recommendations
  UNION ALL
  SELECT customer_id, 3, rec_part_3, rec3_price, rec3_score, rec3_image FROM vehicle_recommendations
  UNION ALL
  SELECT customer_id, 4, rec_part_4, rec4_price, rec4_score, rec4_image FROM vehicle_recommendations
)
SELECT customer_id, place, item_id, price, score, image_url
FROM parts
WHERE COALESCE(item_id, '') = ''
  OR price IS NULL
  OR score IS NULL
  OR COALESCE(image_url, '') = ''
