-- One row per day after a message (1: the first 24 hours) of the days @sent_from to @sent_to: the orders credited to it
-- that came then. Shows how long to wait before judging a campaign.
WITH timed AS (
  SELECT
    CAST(FLOOR(hours_since_sent / 24) AS INT64) + 1 AS day_number,
    CAST(ROUND(100 * revenue) AS INT64) AS hundredths
  FROM campaign_orders
  WHERE send_id IS NOT NULL AND sent_on BETWEEN @sent_from AND @sent_to
),
by_day AS (
  SELECT
    number AS day_number,
    COUNT(timed.day_number) AS orders,
    SUM(COALESCE(timed.hundredths, 0)) AS hundredths
  FROM UNNEST(GENERATE_ARRAY(1, @attribution_window_days)) AS number
  LEFT JOIN timed
    ON timed.day_number = number
  GROUP BY number
)
SELECT
  @as_of AS as_of,
  today.day_number,
  today.orders,
  today.hundredths / 100 AS revenue,
  today.orders / (SELECT COUNT(*) FROM timed) AS share,
  SUM(earlier.orders) / (SELECT COUNT(*) FROM timed) AS share_until
FROM by_day AS today
JOIN by_day AS earlier
  ON earlier.day_number <= today.day_number
WHERE EXISTS (SELECT 1 FROM timed)
GROUP BY today.day_number, today.orders, today.hundredths
