-- Every list is as long as it can be: all places, or, where there are fewer candidates, as many as the limit of each
-- group lets in. A failure means that a client gets less than there is for it.
-- table: weekly_recommendations
-- severity: error
-- of: client_profiles
WITH given AS (
  SELECT customer_id, COUNT(*) AS items FROM weekly_recommendations GROUP BY customer_id
),
-- A full list is as long as it can be, so that only candidates of the others are counted.
others AS (
  SELECT client_profiles.customer_id, client_profiles.is_active, given.items
  FROM client_profiles
  LEFT JOIN given
    ON given.customer_id = client_profiles.customer_id
  WHERE NOT client_profiles.is_active
    OR COALESCE(given.items, 0) <> @repurchases_per_client + @discoveries_per_client
),
possible AS (
  SELECT
    scores.customer_id,
    COALESCE(product_trends.group_id, CONCAT('? ', scores.item_id)) AS alike,
    LEAST(COUNT(*), @max_per_group) AS items
  FROM replenishment_scores AS scores
  JOIN others
    ON others.customer_id = scores.customer_id AND others.is_active
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
)
SELECT others.customer_id, due.items AS due, others.items AS given
FROM others
LEFT JOIN due
  ON due.customer_id = others.customer_id
WHERE COALESCE(due.items, 0) <> COALESCE(others.items, 0)
