-- One row per day of orders: what is credited to messages of the days @sent_from to @sent_to, and what customers
-- ordered otherwise on those days.
WITH placed AS (
  SELECT
    ordered_on,
    send_id IS NOT NULL AS credited,
    CAST(ROUND(100 * revenue) AS INT64) AS hundredths,
    CAST(ROUND(100 * refunded) AS INT64) AS refunded_hundredths
  FROM campaign_orders
  WHERE (send_id IS NULL AND ordered_on BETWEEN @sent_from AND @sent_to) OR sent_on BETWEEN @sent_from AND @sent_to
)
SELECT
  @as_of AS as_of,
  placed.ordered_on,
  COUNTIF(placed.credited) AS orders,
  SUM(IF(placed.credited, placed.hundredths, 0)) / 100 AS revenue,
  SUM(IF(placed.credited, placed.refunded_hundredths, 0)) / 100 AS refunded,
  COUNTIF(NOT placed.credited) AS other_orders,
  SUM(IF(placed.credited, 0, placed.hundredths)) / 100 AS other_revenue,
  LOGICAL_OR(COALESCE(campaign_days.lagging OR placed.ordered_on = @as_of, FALSE)) AS provisional
FROM placed
LEFT JOIN campaign_days
  ON campaign_days.day = placed.ordered_on
GROUP BY placed.ordered_on
