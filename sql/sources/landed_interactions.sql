-- One row per row of the company's interaction feed, with the reason why it cannot be used, if there is one.
--
-- Nothing can be told about a message that was not sent in the @interaction_window_days up to the day. In a company's
-- first days the message may be older than its feeds, so an unknown one is accepted then.
-- look-back: treatments @interaction_window_days
WITH arrived AS (
  SELECT
    *,
    COALESCE(source_day, IF(DATE(happened_at) < @start_date, @start_date, DATE(happened_at)), @start_date) AS event_date
  FROM source_interactions
)
SELECT
  send_id,
  kind,
  happened_at,
  event_date,
  CASE
    WHEN unreadable IS NOT NULL THEN unreadable
    WHEN send_id IS NULL THEN 'send_id is missing'
    WHEN kind IS NULL THEN 'kind is missing'
    WHEN happened_at IS NULL THEN 'happened_at is missing'
    WHEN DATE(happened_at) <> source_day THEN 'happened_at is outside its day'
    WHEN DATE(happened_at) < @start_date THEN 'happened_at is before the start date'
    WHEN kind NOT IN ('VIEWED', 'CLICKED') THEN 'kind is unknown'
    WHEN event_date >= DATE_ADD(@start_date, INTERVAL @interaction_window_days DAY)
      -- The days are judged one by one, so that a range of them gives what each of them gives.
      AND NOT EXISTS (
        SELECT 1
        FROM treatments
        WHERE treatments.send_id = arrived.send_id
          AND treatments.event_date <= arrived.event_date
          AND treatments.event_date > DATE_SUB(arrived.event_date, INTERVAL @interaction_window_days DAY)
      ) THEN 'send_id is unknown'
  END AS rejection
FROM arrived
