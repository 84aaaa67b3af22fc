-- One row per reaction to a recommendation. One that is reported twice counts once.
SELECT
  event_id, customer_id, item_id, reaction, happened_at, answer_id, event_date
FROM landed_recommendation_feedback
WHERE rejection IS NULL
QUALIFY ROW_NUMBER() OVER (
  PARTITION BY event_id, event_date
  ORDER BY happened_at, customer_id, item_id, reaction, answer_id
) = 1
