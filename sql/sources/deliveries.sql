-- One row per message that the mail provider reported on. Of several reports on a message on one day, the last counts.
SELECT
  send_id, status, failure_reason, reported_at, event_date
FROM landed_deliveries
WHERE rejection IS NULL
QUALIFY ROW_NUMBER() OVER (
  PARTITION BY send_id, event_date
  ORDER BY reported_at DESC, status, failure_reason
) = 1
