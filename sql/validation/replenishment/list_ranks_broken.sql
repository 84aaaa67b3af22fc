-- A client's items have the ranks 1, 2, 3 and so on without gaps, repurchases before discoveries and the best of each
-- first. A failure means that somebody's list has a hole or is out of order.
-- table: weekly_recommendations
-- severity: error
WITH placed AS (
  SELECT
    customer_id,
    rank,
    item_id,
    ROW_NUMBER() OVER (
      PARTITION BY customer_id ORDER BY IF(kind = 'repurchase', 0, 1), score DESC, item_id
    ) AS place
  FROM weekly_recommendations
)
SELECT customer_id, rank, place, item_id
FROM placed
WHERE rank <> place
