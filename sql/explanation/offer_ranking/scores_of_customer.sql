-- One row per candidate of a customer: its chance and where it comes from, the most likely first.
-- given: @customer
SELECT
  offer_scores.offer_id,
  offer_candidates.item_id,
  offer_scores.probability,
  offer_scores.raw_score,
  offer_scores.scored_by
FROM offer_scores
JOIN offer_candidates
  ON offer_candidates.customer_id = offer_scores.customer_id AND offer_candidates.offer_id = offer_scores.offer_id
WHERE offer_scores.customer_id = @customer
ORDER BY offer_scores.probability DESC, offer_scores.offer_id
