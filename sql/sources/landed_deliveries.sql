-- One row per row of the company's delivery feed, with the reason why it cannot be used, if there is one.
SELECT
  send_id,
  status,
  failure_reason,
  reported_at,
  COALESCE(source_day, IF(DATE(reported_at) < @start_date, @start_date, DATE(reported_at)), @start_date) AS event_date,
  CASE
    WHEN unreadable IS NOT NULL THEN unreadable
    WHEN send_id IS NULL THEN 'send_id is missing'
    WHEN status IS NULL THEN 'status is missing'
    WHEN reported_at IS NULL THEN 'reported_at is missing'
    WHEN DATE(reported_at) <> source_day THEN 'reported_at is outside its day'
    WHEN DATE(reported_at) < @start_date THEN 'reported_at is before the start date'
    WHEN status NOT IN ('delivered', 'failed') THEN 'status is unknown'
  END AS rejection
FROM source_deliveries
