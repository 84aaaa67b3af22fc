-- A list has its places of repurchases and of discoveries, unless there are too few of a kind: nothing that could stand
-- there is left out for the other kind. A failure means that lists discover too little, or too much.
-- table: weekly_recommendations
-- severity: error
-- of: replenishment_scores
WITH kinds AS (
  SELECT
    customer_id,
    COUNT(IF(kind = 'repurchase', 1, NULL)) AS repurchases,
    COUNT(IF(kind = 'discovery', 1, NULL)) AS discoveries
  FROM weekly_recommendations
  GROUP BY customer_id
),
taken AS (
  SELECT customer_id, group_id, COUNT(*) AS items FROM weekly_recommendations GROUP BY customer_id, group_id
)
SELECT scores.customer_id, scores.item_id, scores.kind, kinds.repurchases, kinds.discoveries
FROM replenishment_scores AS scores
JOIN kinds
  ON kinds.customer_id = scores.customer_id
JOIN product_trends
  ON product_trends.item_id = scores.item_id AND NOT product_trends.is_discontinued
LEFT JOIN client_items
  ON client_items.customer_id = scores.customer_id AND client_items.item_id = scores.item_id
LEFT JOIN weekly_recommendations AS listed
  ON listed.customer_id = scores.customer_id AND listed.item_id = scores.item_id
LEFT JOIN taken
  ON taken.customer_id = scores.customer_id AND taken.group_id = product_trends.group_id
WHERE listed.item_id IS NULL
  AND COALESCE(taken.items, 0) < @max_per_group
  AND (
    (scores.kind = 'discovery' AND client_items.item_id IS NULL AND kinds.discoveries < @discoveries_per_client)
    OR (scores.kind = 'repurchase' AND client_items.orders > 0 AND kinds.repurchases < @repurchases_per_client)
  )
