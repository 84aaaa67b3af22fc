-- Every candidate has a score, and nothing else has one. A failure means that customers would lose offers unnoticed.
-- table: offer_scores
-- severity: error
-- of: candidate_features
SELECT
  COALESCE(candidate_features.customer_id, offer_scores.customer_id) AS customer_id,
  COALESCE(candidate_features.offer_id, offer_scores.offer_id) AS offer_id,
  offer_scores.probability
FROM candidate_features
FULL OUTER JOIN offer_scores
  ON offer_scores.customer_id = candidate_features.customer_id
  AND offer_scores.offer_id = candidate_features.offer_id
WHERE candidate_features.customer_id IS NULL OR offer_scores.customer_id IS NULL
