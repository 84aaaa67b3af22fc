-- A score is intent plus popularity, times the factor of what steps back; intent is at most its maximum; popularity is at most that of a part that all
-- orders of a segment are for, or in global mode that of the most ordered item. A failure means that a formula or a
-- weight broke.
-- table: recommendations
-- severity: error
WITH most_ordered AS (
  SELECT COALESCE(MAX(orders), 0) AS orders
  FROM (SELECT item_id, COUNT(*) AS orders FROM purchases GROUP BY item_id) AS counted
)
SELECT recommendations.customer_id, recommendations.item_id, recommendations.score, recommendations.intent,
  recommendations.popularity
FROM recommendations
LEFT JOIN ignored_recommendations AS ignored
  ON ignored.customer_id = recommendations.customer_id AND ignored.item_id = recommendations.item_id
CROSS JOIN most_ordered
-- Each number is rounded to millionths by itself.
WHERE ABS(
    recommendations.score - COALESCE(ignored.factor, 1) * (recommendations.intent + recommendations.popularity)
  ) > 0.000002
  OR recommendations.intent < 0
  OR recommendations.intent > @max_intent + 0.000001
  OR recommendations.popularity < 0
  OR recommendations.popularity
    > 2 * LN(1 + IF(@popularity = 'global', most_ordered.orders, 1000)) + 0.000001
