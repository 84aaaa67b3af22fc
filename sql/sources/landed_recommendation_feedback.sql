-- One row per reaction to a recommendation, with the reason why it cannot be used, if there is one.
--
-- A row that comes with a day may be of what happened on the days before, and of nothing after it.
SELECT
  event_id,
  customer_id,
  item_id,
  reaction,
  happened_at,
  answer_id,
  COALESCE(source_day, IF(DATE(happened_at) < @start_date, @start_date, DATE(happened_at)), @start_date) AS event_date,
  CASE
    WHEN unreadable IS NOT NULL THEN unreadable
    WHEN event_id IS NULL THEN 'event_id is missing'
    WHEN customer_id IS NULL THEN 'customer_id is missing'
    WHEN item_id IS NULL THEN 'item_id is missing'
    WHEN reaction IS NULL THEN 'reaction is missing'
    WHEN happened_at IS NULL THEN 'happened_at is missing'
    WHEN DATE(happened_at) > source_day THEN 'happened_at is after its day'
    WHEN DATE(happened_at) < @start_date THEN 'happened_at is before the start date'
    WHEN reaction NOT IN ('shown', 'clicked', 'bought') THEN 'reaction is unknown'
  END AS rejection
FROM source_recommendation_feedback
