-- A model gives candidates of the day different chances: if all were the same, the order in which customers see offers
-- would mean nothing. A model like that is never activated, so a failure means that its features of this day are
-- broken: look for a feature that is missing everywhere.
-- table: offer_scores
-- severity: warn
WITH spread AS (
  SELECT MIN(raw_score) AS lowest, MAX(raw_score) AS highest, COUNT(*) AS candidates FROM offer_scores
)
SELECT offer_scores.customer_id, offer_scores.offer_id, offer_scores.probability
FROM offer_scores
CROSS JOIN spread
WHERE spread.candidates > 1 AND spread.lowest = spread.highest
