-- One row per row of the company's delivery feed, with the reason why it cannot be used, if there is one.
SELECT
  send_id,
  status,
  failure_reason,
  at,
  COALESCE(source_day, IF(DATE(at) < @start_date, @start_date, DATE(at)), @start_date) AS event_date,
  CASE
    WHEN unreadable IS NOT NULL THEN unreadable
    WHEN send_id IS NULL THEN 'send_id is missing'
    WHEN status IS NULL THEN 'status is missing'
    WHEN at IS NULL THEN 'at is missing'
    WHEN DATE(at) <> source_day THEN 'at is outside its day'
    WHEN DATE(at) < @start_date THEN 'at is before the start date'
    WHEN status NOT IN ('delivered', 'failed') THEN 'status is unknown'
  END AS rejection
FROM source_deliveries
