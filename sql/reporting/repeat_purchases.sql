-- One row: how many customers bought an item again on a later day, and how many of the order lines did. Parts are
-- rarely bought twice, which is why a family that was bought is not recommended again.
WITH days AS (
  SELECT
    customer_id,
    item_id,
    ordered_on,
    COUNT(*) AS order_lines,
    MIN(ordered_on) OVER (PARTITION BY customer_id, item_id) AS first_day
  FROM purchases
  WHERE customer_id IS NOT NULL
  GROUP BY customer_id, item_id, ordered_on
),
buyers AS (
  SELECT
    customer_id,
    SUM(order_lines) AS order_lines,
    SUM(IF(ordered_on > first_day, order_lines, 0)) AS repeat_lines
  FROM days
  GROUP BY customer_id
)
SELECT
  @as_of AS as_of,
  COUNT(*) AS customers,
  COUNTIF(repeat_lines > 0) AS repeat_customers,
  COUNTIF(repeat_lines > 0) / COUNT(*) AS share_of_customers,
  SUM(order_lines) AS order_lines,
  SUM(repeat_lines) AS repeat_lines,
  SUM(repeat_lines) / SUM(order_lines) AS share_of_lines
FROM buyers
HAVING COUNT(*) > 0
