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
    IF(send.status = 'delivered', 1, 0) AS delivered,
    IF(send.opened_at IS NULL, 0, 1) AS opened,
    IF(send.clicked_at IS NULL, 0, 1) AS clicked,
    IF(credited.send_id IS NULL, 0, 1) AS ordered,
    COALESCE(credited.orders, 0) AS orders,
    COALESCE(credited.hundredths, 0) AS hundredths
  FROM send_engagement AS send
  LEFT JOIN credited
    ON credited.send_id = send.send_id
  WHERE send.status <> 'held_out' AND send.sent_on BETWEEN @sent_from AND @sent_to
),
-- What adds up is added up once, per cell; only customers, who do not, are counted for every level. `lacks` says which
-- keys a level does not have, a bit each.
cell AS (
  SELECT
    campaign_id,
    treatment_id,
    arm,
    sent_on,
    COUNT(*) AS sent,
    SUM(delivered) AS delivered,
    SUM(opened) AS opened,
    SUM(clicked) AS clicked,
    SUM(ordered) AS ordered,
    SUM(opened * (1 - delivered)) AS opened_without,
    SUM(clicked * (1 - opened)) AS clicked_without,
    SUM(ordered * (1 - clicked)) AS ordered_without,
    SUM(orders) AS orders,
    SUM(hundredths) AS hundredths
  FROM message
  GROUP BY campaign_id, treatment_id, arm, sent_on
),
summed AS (
  SELECT
    GROUPING(cell.campaign_id) * 8 + GROUPING(cell.treatment_id) * 4 + GROUPING(cell.arm) * 2 + GROUPING(cell.sent_on)
      AS lacks,
    cell.campaign_id,
    cell.treatment_id,
    cell.arm,
    cell.sent_on,
    MAX(IF(campaign_days.provisional, 1, 0)) AS provisional,
    SUM(cell.sent) AS sent,
    SUM(cell.delivered) AS delivered,
    SUM(cell.opened) AS opened,
    SUM(cell.clicked) AS clicked,
    SUM(cell.ordered) AS ordered,
    SUM(cell.opened_without) AS opened_without,
    SUM(cell.clicked_without) AS clicked_without,
    SUM(cell.ordered_without) AS ordered_without,
    SUM(cell.orders) AS orders,
    SUM(cell.hundredths) AS hundredths
  FROM cell
  LEFT JOIN campaign_days
    ON campaign_days.day = cell.sent_on
  GROUP BY GROUPING SETS (
    (cell.campaign_id, cell.treatment_id, cell.arm, cell.sent_on),
    (cell.campaign_id),
    (cell.treatment_id),
    (cell.arm),
    (cell.sent_on),
    ()
  )
),
customer AS (
  SELECT
    GROUPING(campaign_id) * 8 + GROUPING(treatment_id) * 4 + GROUPING(arm) * 2 + GROUPING(sent_on) AS lacks,
    campaign_id,
    treatment_id,
    arm,
    sent_on,
    -- The steps that the customer took with any of the messages, a bit each.
    BIT_OR(delivered + 2 * opened + 4 * clicked + 8 * ordered) AS steps
  FROM message
  GROUP BY GROUPING SETS (
    (customer_id, campaign_id, treatment_id, arm, sent_on),
    (customer_id, campaign_id),
    (customer_id, treatment_id),
    (customer_id, arm),
    (customer_id, sent_on),
    (customer_id)
  )
),
reached AS (
  SELECT
    lacks,
    campaign_id,
    treatment_id,
    arm,
    sent_on,
    COUNT(*) AS customers_sent,
    COUNTIF(MOD(steps, 2) = 1) AS customers_delivered,
    COUNTIF(MOD(DIV(steps, 2), 2) = 1) AS customers_opened,
    COUNTIF(MOD(DIV(steps, 4), 2) = 1) AS customers_clicked,
    COUNTIF(DIV(steps, 8) = 1) AS customers_ordered
  FROM customer
  GROUP BY lacks, campaign_id, treatment_id, arm, sent_on
),
funnel AS (
  SELECT
    CASE summed.lacks
      WHEN 0 THEN 'cell'
      WHEN 7 THEN 'campaign'
      WHEN 11 THEN 'treatment'
      WHEN 13 THEN 'arm'
      WHEN 14 THEN 'day'
      ELSE 'total'
    END AS level,
    summed.*,
    reached.customers_sent,
    reached.customers_delivered,
    reached.customers_opened,
    reached.customers_clicked,
    reached.customers_ordered
  FROM summed
  -- A key that a level does not have is NULL on both sides; nothing sent at all has no customers to join.
  JOIN reached
    ON reached.lacks = summed.lacks
      AND COALESCE(reached.campaign_id, '') = COALESCE(summed.campaign_id, '')
      AND COALESCE(reached.treatment_id, '') = COALESCE(summed.treatment_id, '')
      AND COALESCE(reached.arm, '') = COALESCE(summed.arm, '')
      AND COALESCE(reached.sent_on, DATE '1970-01-01') = COALESCE(summed.sent_on, DATE '1970-01-01')
),
step AS (
  SELECT
    funnel.*,
    number,
    CASE number WHEN 1 THEN sent WHEN 2 THEN delivered WHEN 3 THEN opened WHEN 4 THEN clicked ELSE ordered END AS sends,
    CASE number
      WHEN 1 THEN customers_sent
      WHEN 2 THEN customers_delivered
      WHEN 3 THEN customers_opened
      WHEN 4 THEN customers_clicked
      ELSE customers_ordered
    END AS customers,
    CASE number
      WHEN 2 THEN customers_sent
      WHEN 3 THEN customers_delivered
      WHEN 4 THEN customers_opened
      WHEN 5 THEN customers_clicked
    END AS customers_before,
    CASE number WHEN 3 THEN opened_without WHEN 4 THEN clicked_without WHEN 5 THEN ordered_without ELSE 0 END AS lacking
  FROM funnel
  CROSS JOIN UNNEST([1, 2, 3, 4, 5]) AS number
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
  SAFE_DIVIDE(step.customers, step.customers_before) AS share_of_step_before,
  step.sends / step.sent AS sends_share_of_sent,
  step.lacking AS without_step_before,
  IF(step.number = 5, step.orders, NULL) AS orders,
  IF(step.number = 5, step.hundredths / 100, NULL) AS revenue,
  step.provisional = 1 AS provisional
FROM step
