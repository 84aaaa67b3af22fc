-- Everybody gets four parts, each with its price, score and picture. A failure means that e-mails go out with a gap.
-- table: vehicle_recommendations
-- severity: error
SELECT recommended.customer_id, part.place, part.item_id, part.price, part.score, part.image_url
FROM vehicle_recommendations AS recommended
CROSS JOIN UNNEST([
  STRUCT(
    1 AS place, recommended.rec_part_1 AS item_id, recommended.rec1_price AS price, recommended.rec1_score AS score,
    recommended.rec1_image AS image_url
  ),
  STRUCT(2, recommended.rec_part_2, recommended.rec2_price, recommended.rec2_score, recommended.rec2_image),
  STRUCT(3, recommended.rec_part_3, recommended.rec3_price, recommended.rec3_score, recommended.rec3_image),
  STRUCT(4, recommended.rec_part_4, recommended.rec4_price, recommended.rec4_score, recommended.rec4_image)
]) AS part
WHERE COALESCE(part.item_id, '') = ''
  OR part.price IS NULL
  OR part.score IS NULL
  OR COALESCE(part.image_url, '') = ''
