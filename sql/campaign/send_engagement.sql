-- One row per message of the campaign window, held-out messages included, and how far its customer went. Engagement by
-- machines is counted apart, unless @count_machine_engagement says otherwise.
--
-- Of several delivery reports on a message, the last one counts. A message that is reported sent on several days was
-- sent on the first.
-- look-back: treatments @campaign_window_days
-- look-back: deliveries @campaign_window_days
WITH repeated AS (
  SELECT send_id, MIN(event_date) AS first_day
  FROM treatments
  GROUP BY send_id
  HAVING COUNT(*) > 1
),
reported AS (
  SELECT
    send_id,
    ANY_VALUE(status HAVING MAX reported_at) AS status,
    ANY_VALUE(failure_reason HAVING MAX reported_at) AS failure_reason
  FROM deliveries
  GROUP BY send_id
),
engaged AS (
  SELECT
    send_id,
    MIN(IF(kind = 'VIEWED' AND (machine_rule IS NULL OR @count_machine_engagement), happened_at, NULL)) AS opened_at,
    MIN(IF(kind = 'CLICKED' AND (machine_rule IS NULL OR @count_machine_engagement), happened_at, NULL)) AS clicked_at,
    COUNTIF(kind = 'VIEWED' AND machine_rule IS NOT NULL) AS machine_opens,
    COUNTIF(kind = 'CLICKED' AND machine_rule IS NOT NULL) AS machine_clicks
  FROM judged_interactions
  GROUP BY send_id
)
SELECT
  @as_of AS as_of,
  sent.event_date AS sent_on,
  sent.send_id,
  sent.customer_id,
  sent.campaign_id,
  sent.treatment_id,
  sent.treatment_name,
  sent.subject,
  sent.coupon_id,
  sent.arm,
  COALESCE(customers.business_type, customers.vehicle_make, 'unknown') AS segment,
  sent.propensity,
  sent.sent_at,
  CASE
    WHEN sent.arm IN UNNEST(@holdout_arms) THEN 'held_out'
    ELSE COALESCE(reported.status, 'unreported')
  END AS status,
  IF(reported.status = 'failed', COALESCE(reported.failure_reason, 'unknown'), NULL) AS failure_reason,
  engaged.opened_at,
  engaged.clicked_at,
  COALESCE(engaged.machine_opens, 0) AS machine_opens,
  COALESCE(engaged.machine_clicks, 0) AS machine_clicks
FROM treatments AS sent
LEFT JOIN reported
  ON reported.send_id = sent.send_id
LEFT JOIN engaged
  ON engaged.send_id = sent.send_id
LEFT JOIN customers
  ON customers.customer_id = sent.customer_id
-- Joined last: an engine that expects this filter to leave few messages would else hold all of them in memory.
LEFT JOIN repeated
  ON repeated.send_id = sent.send_id
WHERE repeated.send_id IS NULL OR sent.event_date = repeated.first_day
