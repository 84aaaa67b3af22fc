-- One row per product, version, arm and rank: how many recommendations were served there in the last
-- @feedback_window_days, and how many of them were shown, clicked and bought.
--
-- A reaction belongs to the answer that it names. One that names none belongs to the newest answer before it that
-- recommended the item to the customer. What was clicked was shown, whether or not anybody says so. Each recommendation
-- counts once, however often it was clicked.
-- look-back: served_recommendations @feedback_window_days at most
-- look-back: recommendation_feedback @feedback_window_days at most
WITH recommended AS (
  SELECT answer_id, customer_id, item_id, rank, served_at, product, version, arm
  FROM served_recommendations
  -- One that two days report was served once.
  QUALIFY ROW_NUMBER() OVER (
    PARTITION BY answer_id, item_id ORDER BY event_date, rank, served_at, customer_id
  ) = 1
),
reacted AS (
  SELECT recommended.answer_id, recommended.item_id, feedback.reaction
  FROM recommendation_feedback AS feedback
  JOIN recommended
    ON recommended.customer_id = feedback.customer_id AND recommended.item_id = feedback.item_id
  WHERE recommended.answer_id = feedback.answer_id
    OR (feedback.answer_id IS NULL AND recommended.served_at <= feedback.happened_at)
  QUALIFY ROW_NUMBER() OVER (
    PARTITION BY feedback.event_id ORDER BY recommended.served_at DESC, recommended.answer_id, feedback.reaction
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
  COALESCE(recommended.product, 'unknown') AS product,
  COALESCE(recommended.version, 0) AS version,
  COALESCE(recommended.arm, '') AS arm,
  recommended.rank,
  COUNT(*) AS served,
  COUNT(IF(outcomes.is_shown, 1, NULL)) AS shown,
  COUNT(IF(outcomes.is_clicked, 1, NULL)) AS clicked,
  COUNT(IF(outcomes.is_bought, 1, NULL)) AS bought
FROM recommended
LEFT JOIN outcomes
  ON outcomes.answer_id = recommended.answer_id AND outcomes.item_id = recommended.item_id
GROUP BY
  COALESCE(recommended.product, 'unknown'),
  COALESCE(recommended.version, 0),
  COALESCE(recommended.arm, ''),
  recommended.rank
