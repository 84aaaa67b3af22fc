-- One row: the campaigns of the days @sent_from to @sent_to at a glance. No row when nothing was sent.
WITH drawn AS (
  SELECT
    COUNT(DISTINCT campaign_id) AS campaigns,
    COUNT(DISTINCT IF(status = 'held_out', NULL, treatment_id)) AS treatments,
    COUNT(IF(status = 'held_out', 1, NULL)) AS held_out
  FROM send_engagement
  WHERE sent_on BETWEEN @sent_from AND @sent_to
),
steps AS (
  SELECT
    MAX(IF(step = 'sent', customers, 0)) AS customers,
    MAX(IF(step = 'sent', sends, 0)) AS sends,
    MAX(IF(step = 'delivered', sends, 0)) AS delivered,
    MAX(IF(step = 'opened', sends, 0)) AS opened,
    MAX(IF(step = 'clicked', sends, 0)) AS clicked,
    MAX(IF(step = 'ordered', sends, 0)) AS ordered,
    MAX(orders) AS orders,
    MAX(revenue) AS revenue
  FROM campaign_funnel
  WHERE level = 'total'
),
refunds AS (
  SELECT
    SUM(CAST(ROUND(100 * refunded) AS INT64)) AS hundredths,
    COUNT(IF(credit = 'explicit', 1, NULL)) AS explicit_orders
  FROM campaign_orders
  WHERE sent_on BETWEEN @sent_from AND @sent_to
),
open_days AS (
  SELECT COUNT(*) AS provisional_days
  FROM campaign_days
  WHERE provisional AND sends > 0 AND day BETWEEN @sent_from AND @sent_to
)
SELECT
  @as_of AS as_of,
  @sent_from AS sent_from,
  @sent_to AS sent_to,
  drawn.campaigns,
  drawn.treatments,
  steps.customers,
  steps.sends,
  drawn.held_out,
  steps.delivered,
  steps.opened,
  steps.clicked,
  steps.ordered,
  steps.orders,
  refunds.explicit_orders,
  steps.revenue,
  COALESCE(refunds.hundredths, 0) / 100 AS refunded,
  steps.revenue / steps.sends AS revenue_per_send,
  SAFE_DIVIDE(steps.revenue, steps.orders) AS order_value,
  open_days.provisional_days
FROM steps
CROSS JOIN drawn
CROSS JOIN refunds
CROSS JOIN open_days
WHERE steps.sends > 0
