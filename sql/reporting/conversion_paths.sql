-- One row per path from a message of the days @sent_from to @sent_to to an order, and one for all of them. The path is
-- the last step on record before the order; every credited order has one, so the paths add up to the total exactly.
WITH credited AS (
  SELECT path, customer_id, CAST(ROUND(100 * revenue) AS INT64) AS hundredths
  FROM campaign_orders
  WHERE send_id IS NOT NULL AND sent_on BETWEEN @sent_from AND @sent_to
),
named AS (
  SELECT path, customer_id, hundredths FROM credited
  UNION ALL
  SELECT 'total' AS path, customer_id, hundredths FROM credited
)
SELECT
  @as_of AS as_of,
  path,
  CASE path WHEN 'clicked' THEN 1 WHEN 'opened' THEN 2 WHEN 'delivered' THEN 3 WHEN 'sent' THEN 4 ELSE 5 END
    AS path_number,
  COUNT(DISTINCT customer_id) AS customers,
  COUNT(*) AS orders,
  SUM(hundredths) / 100 AS revenue,
  SAFE_DIVIDE(SUM(hundredths), (SELECT SUM(hundredths) FROM credited)) AS share_of_revenue
FROM named
GROUP BY path
