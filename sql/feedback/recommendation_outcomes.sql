-- One row per product, version, arm and rank: how many recommendations were served there in the last
-- @feedback_window_days, and how many of them were shown, clicked and bought.
--
-- A reaction belongs to the answer that it names. One that names none belongs to the newest answer before it that
-- recommended the item to the customer. What was clicked was shown, whether or not anybody says so. Each recommendation
-- counts once, however often it was clicked.
-- look-back: served_recommendations @feedback_window_days at most
-- look-back: recommendation_feedback @feedback_window_days at most
WITH answered AS (
  SELECT answer_id, customer_id, item_id, rank, served_at, product, version, arm
  FROM served_recommendations
  -- One that two days report was served once.
  QUALIFY ROW_NUMBER() OVER (
    PARTITION BY answer_id, item_id ORDER BY event_date, rank, served_at, customer_id
  ) = 1
),
reacted AS (
  SELECT answered.answer_id, answered.item_id, feedback.reaction
  FROM recommendation_feedback AS feedback
  JOIN answered
    ON answered.customer_id = feedback.customer_id AND answered.item_id = feedback.item_id
  WHERE answered.answer_id = feedback.answer_id
    OR (feedback.answer_id IS NULL AND answered.served_at <= feedback.happened_at)
  QUALIFY ROW_NUMBER() OVER (
    PARTITION BY feedback.event_id ORDER BY answered.served_at DESC, answered.answer_id, feedback.reaction
  ) = 1
),
outcomes AS (
  SELECT
    answer_id,
    item_id,
    LOGICAL_OR(reaction IN ('shown', 'clicked')) AS is_shown,
    LOGICAL_OR(reaction = 'clicked') AS is_clicked,
    LOGICAL_OR(reaction = 'bought') AS is_bought
  FROM reacted
  GROUP BY answer_id, item_id
)
SELECT
  @as_of AS as_of,
  COALESCE(answered.product, 'unknown') AS product,
  COALESCE(answered.version, 0) AS version,
  COALESCE(answered.arm, '') AS arm,
  answered.rank,
  COUNT(*) AS served,
  COUNT(IF(outcomes.is_shown, 1, NULL)) AS shown,
  COUNT(IF(outcomes.is_clicked, 1, NULL)) AS clicked,
  COUNT(IF(outcomes.is_bought, 1, NULL)) AS bought
FROM answered
LEFT JOIN outcomes
  ON outcomes.answer_id = answered.answer_id AND outcomes.item_id = answered.item_id
GROUP BY COALESCE(answered.product, 'unknown'), COALESCE(answered.version, 0), COALESCE(answered.arm, ''), answered.rank
