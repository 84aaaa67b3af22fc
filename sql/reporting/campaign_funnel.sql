-- One row per funnel and step, from sent to ordered: of all messages of the days @sent_from to @sent_to, and of each
-- campaign, treatment, arm, day, and cell of the four. A step counts a customer once. Held-out customers are sent
-- nothing and are not included.
--
-- Data may lack a step (an order without an open); `without_step_before` says how often.
WITH credited AS (
  SELECT send_id, COUNT(*) AS orders, SUM(CAST(ROUND(100 * revenue) AS INT64)) AS hundredths
  FROM campaign_orders
  WHERE send_id IS NOT NULL
  GROUP BY send_id
),
message AS (
  SELECT
    send.campaign_id,
    send.treatment_id,
    send.arm,
    send.sent_on,
    send.customer_id,
    -- The steps that were taken, a bit each: sent, delivered, opened, clicked, ordered.
    1
    + IF(send.status = 'delivered', 2, 0)
    + IF(send.opened_at IS NULL, 0, 4)
    + IF(send.clicked_at IS NULL, 0, 8)
    + IF(credited.send_id IS NULL, 0, 16) AS steps,
    COALESCE(credited.orders, 0) AS orders,
    COALESCE(credited.hundredths, 0) AS hundredths
  FROM send_engagement AS send
  LEFT JOIN credited
    ON credited.send_id = send.send_id
  WHERE send.status <> 'held_out' AND send.sent_on BETWEEN @sent_from AND @sent_to
),
-- What adds up is added up once, per cell; only customers, who do not, are counted for every level.
cell AS (
  SELECT
    campaign_id,
    treatment_id,
    arm,
    sent_on,
    steps,
    COUNT(*) AS sends,
    SUM(orders) AS orders,
    SUM(hundredths) AS hundredths
  FROM message
  GROUP BY campaign_id, treatment_id, arm, sent_on, steps
),
customer_of_arm AS (
  SELECT customer_id, arm, BIT_OR(steps) AS steps
  FROM message
  GROUP BY customer_id, arm
),
-- Per level, and the steps that were taken: messages, or customers with any of their messages. Each level has a GROUP BY
-- of its own: GROUPING SETS would hold the customers of all levels in memory at once.
counted AS (
  SELECT
    level,
    IF(level IN ('cell', 'campaign'), cell.campaign_id, NULL) AS campaign_id,
    IF(level IN ('cell', 'treatment'), cell.treatment_id, NULL) AS treatment_id,
    IF(level IN ('cell', 'arm'), cell.arm, NULL) AS arm,
    IF(level IN ('cell', 'day'), cell.sent_on, NULL) AS sent_on,
    cell.steps,
    cell.sends,
    0 AS customers,
    cell.orders,
    cell.hundredths,
    IF(campaign_days.provisional, 1, 0) AS provisional
  FROM cell
  LEFT JOIN campaign_days
    ON campaign_days.day = cell.sent_on
  CROSS JOIN UNNEST(['cell', 'campaign', 'treatment', 'arm', 'day', 'total']) AS level
  UNION ALL
  SELECT 'cell', campaign_id, treatment_id, arm, sent_on, steps, 0, COUNT(*), 0, 0, 0
  FROM (
    SELECT campaign_id, treatment_id, arm, sent_on, BIT_OR(steps) AS steps
    FROM message
    GROUP BY customer_id, campaign_id, treatment_id, arm, sent_on
  )
  GROUP BY campaign_id, treatment_id, arm, sent_on, steps
  UNION ALL
  SELECT 'campaign', campaign_id, NULL, NULL, NULL, steps, 0, COUNT(*), 0, 0, 0
  FROM (SELECT campaign_id, BIT_OR(steps) AS steps FROM message GROUP BY customer_id, campaign_id)
  GROUP BY campaign_id, steps
  UNION ALL
  SELECT 'treatment', NULL, treatment_id, NULL, NULL, steps, 0, COUNT(*), 0, 0, 0
  FROM (SELECT treatment_id, BIT_OR(steps) AS steps FROM message GROUP BY customer_id, treatment_id)
  GROUP BY treatment_id, steps
  UNION ALL
  SELECT 'arm', NULL, NULL, arm, NULL, steps, 0, COUNT(*), 0, 0, 0
  FROM customer_of_arm
  GROUP BY arm, steps
  UNION ALL
  SELECT 'day', NULL, NULL, NULL, sent_on, steps, 0, COUNT(*), 0, 0, 0
  FROM (SELECT sent_on, BIT_OR(steps) AS steps FROM message GROUP BY customer_id, sent_on)
  GROUP BY sent_on, steps
  UNION ALL
  SELECT 'total', NULL, NULL, NULL, NULL, steps, 0, COUNT(*), 0, 0, 0
  FROM (SELECT BIT_OR(steps) AS steps FROM customer_of_arm GROUP BY customer_id)
  GROUP BY steps
),
taken AS (
  SELECT
    counted.*,
    bit,
    MOD(DIV(counted.steps, bit), 2) = 1 AS took,
    MOD(DIV(counted.steps, GREATEST(DIV(bit, 2), 1)), 2) = 1 AS took_before
  FROM counted
  CROSS JOIN UNNEST([1, 2, 4, 8, 16]) AS bit
),
step AS (
  SELECT
    level,
    campaign_id,
    treatment_id,
    arm,
    sent_on,
    CASE bit WHEN 1 THEN 1 WHEN 2 THEN 2 WHEN 4 THEN 3 WHEN 8 THEN 4 ELSE 5 END AS number,
    SUM(sends) AS sent,
    SUM(customers) AS customers_sent,
    SUM(IF(took, sends, 0)) AS sends,
    SUM(IF(took, customers, 0)) AS customers,
    SUM(IF(took_before, customers, 0)) AS customers_before,
    SUM(IF(took AND NOT took_before, sends, 0)) AS lacking,
    SUM(orders) AS orders,
    SUM(hundredths) AS hundredths,
    MAX(provisional) AS provisional
  FROM taken
  GROUP BY level, campaign_id, treatment_id, arm, sent_on, bit
)
SELECT
  @as_of AS as_of,
  step.level,
  step.campaign_id,
  step.treatment_id,
  step.arm,
  step.sent_on,
  CASE step.number
    WHEN 1 THEN 'sent'
    WHEN 2 THEN 'delivered'
    WHEN 3 THEN 'opened'
    WHEN 4 THEN 'clicked'
    ELSE 'ordered'
  END AS step,
  step.number AS step_number,
  step.sends,
  step.customers,
  step.customers / step.customers_sent AS share_of_sent,
  IF(step.number = 1, NULL, SAFE_DIVIDE(step.customers, step.customers_before)) AS share_of_step_before,
  step.sends / step.sent AS sends_share_of_sent,
  step.lacking AS without_step_before,
  IF(step.number = 5, step.orders, NULL) AS orders,
  IF(step.number = 5, step.hundredths / 100, NULL) AS revenue,
  step.provisional = 1 AS provisional
FROM step
