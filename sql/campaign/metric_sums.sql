-- One row per arm or period and metric: sums over customers, from which means and intervals are made without reading
-- messages again. Arms cover the messages since the newest release whose attribution window is over; periods, those of
-- the @comparison_days before and after it.
--
-- Arms: with all orders in the attribution window, credited or not, so that an arm that is sent nothing can be
-- compared; `x` is what the customer ordered in the @covariate_days before the first of these messages, of whatever
-- arm: later orders are what arms are compared by. Periods: with the orders that are credited to their messages; where
-- there is no release, the last @comparison_days. Squares are summed as whole hundredths, so that the sums are the same
-- however the rows are read.
--
-- A company's own metrics are of its arms alone: a rate counts the messages that the event follows within the
-- attribution window, a sum adds up what the events after a message are worth.
-- look-back: events @campaign_window_days
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
  SELECT send.send_id, send.customer_id, send.arm, send.sent_on, send.sent_at, send.opened_at, send.clicked_at
  FROM send_engagement AS send
  CROSS JOIN bounds
  WHERE send.sent_on BETWEEN bounds.arms_from AND bounds.settled_until
),
first_look AS (
  SELECT send.arm, COUNT(*) AS messages
  FROM send_engagement AS send
  CROSS JOIN bounds
  CROSS JOIN (SELECT MIN(sent_on) AS day FROM arm_sends) AS first_sent
  WHERE send.sent_on BETWEEN bounds.arms_from AND DATE_ADD(first_sent.day, INTERVAL @attribution_window_days DAY)
  GROUP BY send.arm
),
own_metric AS (
  SELECT name, event, value
  FROM UNNEST(@metric_names) AS name WITH OFFSET AS name_at
  JOIN UNNEST(@metric_events) AS event WITH OFFSET AS event_at
    ON event_at = name_at
  JOIN UNNEST(@metric_values) AS value WITH OFFSET AS value_at
    ON value_at = name_at
),
happened AS (
  SELECT
    own_metric.name AS metric,
    own_metric.value = 'rate' AS is_rate,
    events.customer_id,
    events.event_ts,
    CASE own_metric.value
      WHEN 'quantity' THEN 100 * COALESCE(events.quantity, 1)
      WHEN 'unit_price' THEN CAST(ROUND(100 * COALESCE(events.unit_price, 0)) AS INT64)
      WHEN 'amount'
        THEN CAST(ROUND(100 * COALESCE(events.quantity, 1) * COALESCE(events.unit_price, 0)) AS INT64)
      ELSE 100
    END AS hundredths
  FROM events
  JOIN own_metric
    ON own_metric.event = events.event_name
  WHERE events.customer_id IS NOT NULL
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
after_message AS (
  SELECT
    sent.arm,
    sent.customer_id,
    sent.send_id,
    happened.metric,
    IF(happened.is_rate, 100, SUM(happened.hundredths)) AS hundredths
  FROM arm_sends AS sent
  JOIN happened
    ON happened.customer_id = sent.customer_id
      AND happened.event_ts < TIMESTAMP_ADD(sent.sent_at, INTERVAL @attribution_window_days DAY)
      AND happened.event_ts >= sent.sent_at
  GROUP BY sent.arm, sent.customer_id, sent.send_id, happened.metric, happened.is_rate
),
arm_metrics AS (
  SELECT arm, customer_id, metric, SUM(hundredths) AS hundredths
  FROM after_message
  GROUP BY metric, customer_id, arm
),
earlier_metrics AS (
  SELECT
    drawn.customer_id,
    happened.metric,
    IF(happened.is_rate, 100, SUM(happened.hundredths)) AS hundredths
  FROM (SELECT customer_id, MIN(sent_at) AS first_at FROM arm_sends GROUP BY customer_id) AS drawn
  JOIN happened
    ON happened.customer_id = drawn.customer_id
      AND happened.event_ts < drawn.first_at
      AND happened.event_ts >= TIMESTAMP_SUB(drawn.first_at, INTERVAL @covariate_days DAY)
  GROUP BY drawn.customer_id, happened.metric, happened.is_rate
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
  UNION ALL
  SELECT
    'arm' AS cut,
    steps.arm AS part,
    own_metric.name AS metric,
    steps.first_day,
    steps.last_day,
    steps.sends AS n,
    COALESCE(measured.hundredths, 0) AS y,
    COALESCE(earlier.hundredths, 0) AS x
  FROM arm_steps AS steps
  CROSS JOIN own_metric
  LEFT JOIN arm_metrics AS measured
    ON measured.arm = steps.arm AND measured.customer_id = steps.customer_id AND measured.metric = own_metric.name
  LEFT JOIN earlier_metrics AS earlier
    ON earlier.customer_id = steps.customer_id AND earlier.metric = own_metric.name
)
SELECT
  @as_of AS as_of,
  counted.cut,
  counted.part,
  counted.metric,
  MIN(counted.first_day) AS first_day,
  MAX(counted.last_day) AS last_day,
  MAX(first_look.messages) AS messages_at_first_look,
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
LEFT JOIN first_look
  ON counted.cut = 'arm' AND first_look.arm = counted.part
WHERE counted.n > 0
GROUP BY counted.cut, counted.part, counted.metric
