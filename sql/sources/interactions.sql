-- One row per open or click of a message. An interaction that is reported twice counts once.
SELECT
  send_id, kind, happened_at, event_date
FROM landed_interactions
WHERE rejection IS NULL
QUALIFY ROW_NUMBER() OVER (
  PARTITION BY send_id, kind, happened_at, event_date
  ORDER BY send_id
) = 1
