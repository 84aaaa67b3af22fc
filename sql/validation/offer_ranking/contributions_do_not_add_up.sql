-- The contributions of a pair add up to the raw score that it was ranked by, to a millionth. A failure means that an
-- explanation comes from another model, or from other features, than the score, and says nothing about it.
-- table: feature_contributions
-- severity: error
WITH summed AS (
  SELECT customer_id, offer_id, SUM(contribution) AS contributions
  FROM feature_contributions
  GROUP BY customer_id, offer_id
)
SELECT summed.customer_id, summed.offer_id, summed.contributions, offer_scores.raw_score
FROM summed
LEFT JOIN offer_scores
  ON offer_scores.customer_id = summed.customer_id AND offer_scores.offer_id = summed.offer_id
-- Also a pair that no model has scored, and a sum that is not a number.
WHERE NOT COALESCE(ABS(summed.contributions - offer_scores.raw_score) <= 0.000001, FALSE)
