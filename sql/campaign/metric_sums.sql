-- One row per arm or period and metric: sums over customers, from which means and intervals are made without reading
-- messages again. Arms cover the messages since the newest release whose attribution window is over; periods, those of
-- the @comparison_days before and after it.
--
-- Arms: with all orders in the attribution window, credited or not, so that an arm that is sent nothing can be
-- compared; `x` is what the customer ordered in the @covariate_days before the first of these messages, of whatever
-- arm: later orders are what arms are compared by. Periods: with the orders that are credited to their messages; where
-- there is no release, the last @comparison_days. Squares are summed as whole hundredths, so that the sums are the same
-- however the rows are read.
WITH released AS (
  SELECT MAX(SAFE_CAST(day AS DATE)) AS day
  FROM UNNEST(@releases) AS day
  WHERE SAFE_CAST(day AS DATE) <= @as_of
),
bounds AS (
  SELECT
    COALESCE(day, DATE_SUB(@as_of, INTERVAL @comparison_days - 1 DAY)) AS split_on,
    COALESCE(day, @start_date) AS arms_from,
    DATE_SUB(@as_of, INTERVAL @attribution_window_days DAY) AS settled_until
  FROM released
),
placed AS (
  SELECT customer_id, ordered_at, send_id, CAST(ROUND(100 * revenue) AS INT64) AS hundredths FROM campaign_orders
),
credited AS (
  SELECT send_id, COUNT(*) AS orders, SUM(hundredths) AS hundredths
  FROM placed
  WHERE send_id IS NOT NULL
  GROUP BY send_id
),
arm_sends AS (
  SELECT send.customer_id, send.arm, send.sent_on, send.sent_at, send.opened_at, send.clicked_at
  FROM send_engagement AS send
  CROSS JOIN bounds
  WHERE send.sent_on BETWEEN bounds.arms_from AND bounds.settled_until
),
arm_steps AS (
  SELECT
    arm,
    customer_id,
    COUNT(*) AS sends,
    COUNT(opened_at) AS opens,
    COUNT(clicked_at) AS clicks,
    MIN(sent_on) AS first_day,
    MAX(sent_on) AS last_day
  FROM arm_sends
  GROUP BY arm, customer_id
),
arm_orders AS (
  SELECT
    sent.arm,
    sent.customer_id,
    COUNT(*) AS orders,
    SUM(placed.hundredths) AS hundredths
  FROM arm_sends AS sent
  JOIN placed
    ON placed.customer_id = sent.customer_id
      AND placed.ordered_at < TIMESTAMP_ADD(sent.sent_at, INTERVAL @attribution_window_days DAY)
      AND placed.ordered_at >= sent.sent_at
  GROUP BY sent.arm, sent.customer_id
),
earlier_orders AS (
  SELECT
    drawn.customer_id,
    COUNT(*) AS orders,
    SUM(placed.hundredths) AS hundredths
  FROM (SELECT customer_id, MIN(sent_at) AS first_at FROM arm_sends GROUP BY customer_id) AS drawn
  JOIN placed
    ON placed.customer_id = drawn.customer_id
      AND placed.ordered_at < drawn.first_at
      AND placed.ordered_at >= TIMESTAMP_SUB(drawn.first_at, INTERVAL @covariate_days DAY)
  GROUP BY drawn.customer_id
),
arms AS (
  SELECT
    'arm' AS cut,
    steps.arm AS part,
    steps.customer_id,
    steps.first_day,
    steps.last_day,
    steps.sends,
    steps.opens,
    steps.clicks,
    0 AS clicked_opens,
    COALESCE(bought.orders, 0) AS orders,
    COALESCE(bought.hundredths, 0) AS hundredths,
    COALESCE(earlier.orders, 0) AS orders_before,
    COALESCE(earlier.hundredths, 0) AS hundredths_before
  FROM arm_steps AS steps
  LEFT JOIN arm_orders AS bought
    ON bought.arm = steps.arm AND bought.customer_id = steps.customer_id
  LEFT JOIN earlier_orders AS earlier
    ON earlier.customer_id = steps.customer_id
),
periods AS (
  SELECT
    'period' AS cut,
    IF(send.sent_on < bounds.split_on, 'before', 'after') AS part,
    send.customer_id,
    MIN(send.sent_on) AS first_day,
    MAX(send.sent_on) AS last_day,
    COUNT(*) AS sends,
    COUNT(send.opened_at) AS opens,
    COUNT(send.clicked_at) AS clicks,
    COUNTIF(send.opened_at IS NOT NULL AND send.clicked_at IS NOT NULL) AS clicked_opens,
    SUM(COALESCE(credited.orders, 0)) AS orders,
    SUM(COALESCE(credited.hundredths, 0)) AS hundredths,
    0 AS orders_before,
    0 AS hundredths_before
  FROM send_engagement AS send
  CROSS JOIN bounds
  LEFT JOIN credited
    ON credited.send_id = send.send_id
  WHERE send.status <> 'held_out'
    AND send.sent_on >= DATE_SUB(bounds.split_on, INTERVAL @comparison_days DAY)
    AND send.sent_on < DATE_ADD(bounds.split_on, INTERVAL @comparison_days DAY)
    AND send.sent_on <= bounds.settled_until
  GROUP BY IF(send.sent_on < bounds.split_on, 'before', 'after'), send.customer_id
),
counted AS (
  SELECT
    cut,
    part,
    metric,
    first_day,
    last_day,
    IF(metric = 'clicks_per_open', opens, sends) AS n,
    CASE metric
      WHEN 'opens' THEN 100 * opens
      WHEN 'clicks' THEN 100 * clicks
      WHEN 'clicks_per_open' THEN 100 * clicked_opens
      WHEN 'orders' THEN 100 * orders
      ELSE hundredths
    END AS y,
    CASE metric WHEN 'orders' THEN 100 * orders_before WHEN 'revenue' THEN hundredths_before ELSE 0 END AS x
  FROM (SELECT * FROM arms UNION ALL SELECT * FROM periods) AS customer
  CROSS JOIN UNNEST(['opens', 'clicks', 'clicks_per_open', 'orders', 'revenue']) AS metric
  WHERE NOT (cut = 'arm' AND metric = 'clicks_per_open')
)
SELECT
  @as_of AS as_of,
  cut,
  part,
  metric,
  MIN(first_day) AS first_day,
  MAX(last_day) AS last_day,
  COUNT(*) AS units,
  SUM(n) AS n,
  SUM(y) / 100 AS y,
  SUM(x) / 100 AS x,
  SUM(n * n) AS nn,
  SUM(CAST(ROUND(y / 100 * y) AS INT64)) / 100 AS yy,
  SUM(CAST(ROUND(x / 100 * x) AS INT64)) / 100 AS xx,
  SUM(n * y) / 100 AS ny,
  SUM(n * x) / 100 AS nx,
  SUM(CAST(ROUND(y / 100 * x) AS INT64)) / 100 AS yx
FROM counted
WHERE n > 0
GROUP BY cut, part, metric
