-- One row per treatment: its whole funnel, in messages, and what it earned.
WITH named AS (
  SELECT
    treatment_id,
    ANY_VALUE(treatment_name HAVING MAX CONCAT(CAST(sent_on AS STRING), treatment_name)) AS treatment_name,
    ANY_VALUE(subject HAVING MAX CONCAT(CAST(sent_on AS STRING), subject)) AS subject
  FROM send_engagement
  WHERE sent_on BETWEEN @sent_from AND @sent_to
  GROUP BY treatment_id
),
counted AS (
  SELECT
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
)
SELECT
  @as_of AS as_of,
  counted.treatment_id,
  named.treatment_name,
  named.subject,
  counted.sends,
  counted.delivered,
  counted.opened,
  counted.clicked,
  counted.ordered,
  counted.customers,
  counted.open_rate,
  counted.click_rate,
  counted.click_per_open,
  counted.order_rate,
  counted.revenue,
  counted.revenue_per_send
FROM counted
LEFT JOIN named
  ON named.treatment_id = counted.treatment_id
