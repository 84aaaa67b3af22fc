-- One row per row of the company's sends feed, with the reason why it cannot be used, if there is one.
SELECT
  send_id,
  customer_id,
  treatment_id,
  campaign_id,
  arm,
  sent_at,
  propensity,
  treatment_name,
  subject,
  coupon_id,
  COALESCE(source_day, IF(DATE(sent_at) < @start_date, @start_date, DATE(sent_at)), @start_date) AS event_date,
  CASE
    WHEN unreadable IS NOT NULL THEN unreadable
    WHEN send_id IS NULL THEN 'send_id is missing'
    WHEN customer_id IS NULL THEN 'customer_id is missing'
    WHEN treatment_id IS NULL THEN 'treatment_id is missing'
    WHEN campaign_id IS NULL THEN 'campaign_id is missing'
    WHEN arm IS NULL THEN 'arm is missing'
    WHEN sent_at IS NULL THEN 'sent_at is missing'
    WHEN DATE(sent_at) <> source_day THEN 'sent_at is outside its day'
    WHEN DATE(sent_at) < @start_date THEN 'sent_at is before the start date'
    WHEN propensity <= 0 OR propensity > 1 THEN 'propensity is not a chance'
  END AS rejection
FROM source_treatments
