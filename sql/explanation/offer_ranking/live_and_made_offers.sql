-- One row per offer that a customer sees, and per offer of the day's table as it was made last, each by its place.
-- given: @customer
WITH shown AS (
  SELECT TRUE AS is_live, customer_id, rank, offer_id, price, score
  FROM live_offer_recommendations
  UNION ALL
  SELECT FALSE AS is_live, customer_id, rank, offer_id, price, score
  FROM offer_recommendations
)
SELECT is_live, rank, offer_id AS item, price, score
FROM shown
WHERE customer_id = TRIM(@customer)
ORDER BY is_live DESC, rank
