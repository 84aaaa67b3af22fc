-- One row per treatment: its whole funnel, in messages, and what it earned.
SELECT
  @as_of AS as_of,
  treatment_id,
  MAX(IF(step = 'sent', sends, 0)) AS sends,
  MAX(IF(step = 'delivered', sends, 0)) AS delivered,
  MAX(IF(step = 'opened', sends, 0)) AS opened,
  MAX(IF(step = 'clicked', sends, 0)) AS clicked,
  MAX(IF(step = 'ordered', sends, 0)) AS ordered,
  MAX(IF(step = 'sent', customers, 0)) AS customers,
  MAX(IF(step = 'opened', sends_share_of_sent, 0)) AS open_rate,
  MAX(IF(step = 'clicked', sends_share_of_sent, 0)) AS click_rate,
  SAFE_DIVIDE(MAX(IF(step = 'clicked', sends, 0)), MAX(IF(step = 'opened', sends, 0))) AS click_per_open,
  MAX(IF(step = 'ordered', sends_share_of_sent, 0)) AS order_rate,
  MAX(revenue) AS revenue,
  MAX(revenue) / MAX(IF(step = 'sent', sends, 0)) AS revenue_per_send
FROM campaign_funnel
WHERE level = 'treatment'
GROUP BY treatment_id
