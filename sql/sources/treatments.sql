-- One row per message sent: who was sent which treatment, in which campaign and arm. A send that is reported twice
-- counts once.
SELECT
  send_id, customer_id, treatment_id, campaign_id, arm, sent_at, propensity, treatment_name, subject, coupon_id,
  event_date
FROM landed_treatments
WHERE rejection IS NULL
QUALIFY ROW_NUMBER() OVER (
  PARTITION BY send_id, event_date
  ORDER BY sent_at, customer_id, treatment_id, campaign_id, arm, propensity, treatment_name, subject, coupon_id
) = 1
