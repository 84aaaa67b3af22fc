-- One row per item that a client may be recommended: its score, and what similar clients make of it. Repurchases come
-- first, each kind with its best.
-- given: @customer
SELECT
  scores.item_id,
  scores.kind,
  scores.score,
  scores.reason,
  scores.version,
  scores.scored_by,
  product_trends.group_id,
  COALESCE(candidates.neighbours, 0) AS neighbours,
  COALESCE(candidates.neighbour_share, 0.0) AS neighbour_share,
  model_scores.raw AS raw_score,
  ignored.weeks_ignored,
  COALESCE(ignored.factor, 1.0) AS ignored_factor
FROM replenishment_scores AS scores
JOIN product_trends
  ON product_trends.item_id = scores.item_id AND NOT product_trends.is_discontinued
LEFT JOIN replenishment_candidates AS candidates
  ON candidates.customer_id = scores.customer_id AND candidates.item_id = scores.item_id
LEFT JOIN model_scores
  ON model_scores.customer_id = scores.customer_id AND model_scores.item_id = scores.item_id
LEFT JOIN ignored_items AS ignored
  ON ignored.customer_id = scores.customer_id AND ignored.item_id = scores.item_id
WHERE scores.customer_id = @customer
ORDER BY IF(scores.kind = 'repurchase', 0, 1), scores.score DESC, scores.item_id
