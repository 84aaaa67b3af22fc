-- A chance is between 0 and 1, never NaN; a model says what it made it from, and a redemption rate does not; and one
-- scorer scores everybody, or customers could not be compared. A failure means that a formula broke or two runs were
-- mixed.
-- table: offer_scores
-- severity: error
WITH most AS (
  SELECT MIN(scored_by) AS scored_by FROM offer_scores
)
SELECT offer_scores.customer_id, offer_scores.offer_id, offer_scores.raw_score, offer_scores.probability,
  offer_scores.scored_by
FROM offer_scores
CROSS JOIN most
WHERE NOT (offer_scores.probability >= 0 AND offer_scores.probability <= 1)
  OR IS_NAN(offer_scores.probability)
  OR IS_NAN(offer_scores.raw_score)
  OR (offer_scores.raw_score IS NULL) <> (offer_scores.scored_by = 'redemption rate')
  OR offer_scores.scored_by <> most.scored_by
