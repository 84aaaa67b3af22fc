-- Every list is as long as it can be: all places, or, where there are fewer candidates, as many as the limit of each
-- group lets in. A failure means that a client gets less than there is for it.
-- table: weekly_recommendations
-- severity: error
-- of: client_profiles
WITH possible AS (
  SELECT
    scores.customer_id,
    COALESCE(product_trends.group_id, CONCAT('? ', scores.item_id)) AS alike,
    LEAST(COUNT(*), @max_per_group) AS items
  FROM replenishment_scores AS scores
  JOIN client_profiles
    ON client_profiles.customer_id = scores.customer_id AND client_profiles.is_active
  JOIN product_trends
    ON product_trends.item_id = scores.item_id AND NOT product_trends.is_discontinued
  LEFT JOIN client_items
    ON client_items.customer_id = scores.customer_id AND client_items.item_id = scores.item_id
  WHERE (scores.kind = 'discovery' AND client_items.item_id IS NULL)
    OR (scores.kind = 'repurchase' AND client_items.orders > 0)
  GROUP BY scores.customer_id, COALESCE(product_trends.group_id, CONCAT('? ', scores.item_id))
),
due AS (
  SELECT customer_id, LEAST(SUM(items), @repurchases_per_client + @discoveries_per_client) AS items
  FROM possible
  GROUP BY customer_id
),
given AS (
  SELECT customer_id, COUNT(*) AS items FROM weekly_recommendations GROUP BY customer_id
)
SELECT client_profiles.customer_id, due.items AS due, given.items AS given
FROM client_profiles
LEFT JOIN due
  ON due.customer_id = client_profiles.customer_id
LEFT JOIN given
  ON given.customer_id = client_profiles.customer_id
WHERE COALESCE(due.items, 0) <> COALESCE(given.items, 0)
