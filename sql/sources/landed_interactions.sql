-- One row per row of the company's interaction feed, with the reason why it cannot be used, if there is one.
SELECT
  send_id,
  kind,
  at,
  COALESCE(source_day, IF(DATE(at) < @start_date, @start_date, DATE(at)), @start_date) AS event_date,
  CASE
    WHEN unreadable IS NOT NULL THEN unreadable
    WHEN send_id IS NULL THEN 'send_id is missing'
    WHEN kind IS NULL THEN 'kind is missing'
    WHEN at IS NULL THEN 'at is missing'
    WHEN DATE(at) <> source_day THEN 'at is outside its day'
    WHEN DATE(at) < @start_date THEN 'at is before the start date'
    WHEN kind NOT IN ('VIEWED', 'CLICKED') THEN 'kind is unknown'
  END AS rejection
FROM source_interactions
