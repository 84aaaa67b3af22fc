-- One row per active client without a list, and the one reason why: the first that applies, in the order in which the
-- pipeline finds out.
WITH served AS (
  SELECT DISTINCT customer_id FROM weekly_recommendations
),
kept AS (
  SELECT DISTINCT customer_id FROM client_items WHERE orders > 0
),
-- What a client kept and is still sold is its candidate, unless candidates could not be computed; and what version 4 looks
-- at has a score, unless that could not be.
failed AS (
  SELECT client_items.customer_id
  FROM client_items
  JOIN product_trends
    ON product_trends.item_id = client_items.item_id AND NOT product_trends.is_discontinued
  LEFT JOIN (SELECT DISTINCT customer_id FROM replenishment_candidates) AS computed
    ON computed.customer_id = client_items.customer_id
  WHERE client_items.orders > 0 AND computed.customer_id IS NULL
  UNION DISTINCT
  SELECT customer_id FROM replenishment_candidates WHERE transitions IS NOT NULL
),
scored AS (
  SELECT
    scores.customer_id,
    COUNT(IF(product_trends.is_discontinued, NULL, product_trends.item_id)) AS items_sold
  FROM replenishment_scores AS scores
  LEFT JOIN product_trends
    ON product_trends.item_id = scores.item_id
  GROUP BY scores.customer_id
)
SELECT
  @as_of AS as_of,
  client_profiles.customer_id,
  CASE
    WHEN scored.customer_id IS NULL AND failed.customer_id IS NOT NULL THEN 'its computation failed'
    WHEN scored.customer_id IS NULL AND kept.customer_id IS NULL THEN 'all it ordered was sent back'
    WHEN scored.customer_id IS NULL THEN 'no candidates'
    WHEN scored.items_sold = 0 THEN 'all candidates are discontinued'
    ELSE 'candidates ruled out'
  END AS reason
FROM client_profiles
LEFT JOIN served
  ON served.customer_id = client_profiles.customer_id
LEFT JOIN kept
  ON kept.customer_id = client_profiles.customer_id
LEFT JOIN scored
  ON scored.customer_id = client_profiles.customer_id
LEFT JOIN failed
  ON failed.customer_id = client_profiles.customer_id
WHERE client_profiles.is_active AND served.customer_id IS NULL
