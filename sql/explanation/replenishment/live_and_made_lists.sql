-- One row per item that a client sees, and per item of the day's table as it was made last, each by its place.
-- given: @customer
WITH shown AS (
  SELECT TRUE AS is_live, customer_id, rank, item_id, kind, score
  FROM live_weekly_recommendations
  UNION ALL
  SELECT FALSE AS is_live, customer_id, rank, item_id, kind, score
  FROM weekly_recommendations
)
SELECT is_live, rank, item_id AS item, kind, score
FROM shown
WHERE customer_id = TRIM(@customer)
ORDER BY is_live DESC, rank
