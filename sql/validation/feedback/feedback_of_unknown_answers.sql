-- A reaction names an answer that the company was given, for that customer and item. A warning means that a shop mixes up
-- answers, or reports what somebody else served: these reactions count for no version and no rank.
-- table: recommendation_outcomes
-- of: recommendation_feedback
-- among: answer_id IS NOT NULL
-- severity: warn
-- look-back: served_recommendations @feedback_window_days at most
-- look-back: recommendation_feedback 1
WITH served AS (
  SELECT DISTINCT answer_id, customer_id, item_id FROM served_recommendations
)
SELECT feedback.event_id, feedback.answer_id
FROM recommendation_feedback AS feedback
LEFT JOIN served
  ON served.answer_id = feedback.answer_id
  AND served.customer_id = feedback.customer_id
  AND served.item_id = feedback.item_id
WHERE feedback.answer_id IS NOT NULL AND served.answer_id IS NULL
