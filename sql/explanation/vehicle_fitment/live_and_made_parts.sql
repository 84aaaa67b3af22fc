-- One row per part that a customer sees, and per part of the day's table as it was made last, each by its place.
-- given: @customer
WITH shown AS (
  SELECT
    TRUE AS is_live, email_lower, customer_id, rec_part_1, rec_part_2, rec_part_3, rec_part_4,
    rec1_price, rec2_price, rec3_price, rec4_price, rec1_score, rec2_score, rec3_score, rec4_score
  FROM live_vehicle_recommendations
  UNION ALL
  SELECT
    FALSE AS is_live, email_lower, customer_id, rec_part_1, rec_part_2, rec_part_3, rec_part_4,
    rec1_price, rec2_price, rec3_price, rec4_price, rec1_score, rec2_score, rec3_score, rec4_score
  FROM vehicle_recommendations
)
SELECT
  is_live,
  place AS rank,
  CASE place WHEN 1 THEN rec_part_1 WHEN 2 THEN rec_part_2 WHEN 3 THEN rec_part_3 ELSE rec_part_4 END AS item,
  CASE place WHEN 1 THEN rec1_price WHEN 2 THEN rec2_price WHEN 3 THEN rec3_price ELSE rec4_price END AS price,
  CASE place WHEN 1 THEN rec1_score WHEN 2 THEN rec2_score WHEN 3 THEN rec3_score ELSE rec4_score END AS score
FROM shown
CROSS JOIN UNNEST([1, 2, 3, 4]) AS place
WHERE customer_id = @customer OR email_lower = LOWER(TRIM(@customer))
ORDER BY is_live DESC, rank
