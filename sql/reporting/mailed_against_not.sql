-- One row per audience: customers who were sent messages on the days @sent_from to @sent_to, by the orders credited to
-- those messages and by their other orders, and customers who were sent nothing. A larger order does not show what
-- messages brought, because the two audiences differ: see arm_comparison for that.
--
-- All are orders of the same days: those on which an order was, or could be, credited to one of the messages. Months
-- without a message would compare another season.
WITH live_days AS (
  SELECT DISTINCT day
  FROM (
    SELECT DISTINCT sent_on
    FROM send_engagement
    WHERE status <> 'held_out' AND sent_on BETWEEN @sent_from AND @sent_to
  ) AS sent
  CROSS JOIN UNNEST(
    GENERATE_DATE_ARRAY(sent.sent_on, DATE_ADD(sent.sent_on, INTERVAL @attribution_window_days DAY), INTERVAL 1 DAY)
  ) AS day
  UNION DISTINCT
  -- An order that names its message may come later.
  SELECT ordered_on AS day
  FROM campaign_orders
  WHERE sent_on BETWEEN @sent_from AND @sent_to
),
mailed AS (
  SELECT DISTINCT customer_id
  FROM send_engagement
  WHERE status <> 'held_out' AND sent_on BETWEEN @sent_from AND @sent_to
),
placed AS (
  SELECT
    CASE
      WHEN mailed.customer_id IS NULL THEN 'not_mailed'
      WHEN campaign_orders.sent_on BETWEEN @sent_from AND @sent_to THEN 'mailed'
      ELSE 'mailed_not_credited'
    END AS audience,
    campaign_orders.customer_id,
    CAST(ROUND(100 * campaign_orders.revenue) AS INT64) AS hundredths
  FROM campaign_orders
  JOIN live_days
    ON live_days.day = campaign_orders.ordered_on
  LEFT JOIN mailed
    ON mailed.customer_id = campaign_orders.customer_id
  LEFT JOIN customers
    ON customers.customer_id = campaign_orders.customer_id
  -- Who has no profile is not among those who could have been sent something.
  WHERE mailed.customer_id IS NOT NULL OR customers.customer_id IS NOT NULL
),
reached AS (
  SELECT audience, (SELECT COUNT(*) FROM mailed) AS customers
  FROM UNNEST(['mailed', 'mailed_not_credited']) AS audience
  UNION ALL
  SELECT 'not_mailed' AS audience, COUNT(*) AS customers
  FROM customers
  LEFT JOIN mailed
    ON mailed.customer_id = customers.customer_id
  WHERE mailed.customer_id IS NULL
),
summed AS (
  SELECT
    audience,
    COUNT(DISTINCT customer_id) AS ordering_customers,
    COUNT(*) AS orders,
    SUM(hundredths) AS hundredths,
    SUM(CAST(ROUND(hundredths / 100 * hundredths) AS INT64)) AS squares
  FROM placed
  GROUP BY audience
),
spread AS (
  SELECT
    *,
    hundredths / orders / 100 AS order_value,
    IF(
      orders > 1,
      SQRT(GREATEST(squares / 100 - hundredths / 100 * (hundredths / 100) / orders, 0) / (orders - 1)),
      NULL
    ) AS order_value_sd
  FROM summed
)
SELECT
  @as_of AS as_of,
  reached.audience,
  reached.customers,
  COALESCE(spread.ordering_customers, 0) AS ordering_customers,
  COALESCE(spread.orders, 0) AS orders,
  COALESCE(spread.hundredths, 0) / 100 AS revenue,
  spread.order_value,
  spread.order_value_sd,
  spread.order_value - 1.959964 * spread.order_value_sd / SQRT(spread.orders) AS order_value_low,
  spread.order_value + 1.959964 * spread.order_value_sd / SQRT(spread.orders) AS order_value_high
FROM reached
LEFT JOIN spread
  ON spread.audience = reached.audience
WHERE EXISTS (SELECT 1 FROM mailed)
