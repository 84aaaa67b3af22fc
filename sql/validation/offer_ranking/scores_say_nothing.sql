-- A model gives all candidates of the day the same chance, so the order in which customers see offers means nothing. No
-- such model goes active: its features of this day are broken. Look for a feature that is missing everywhere.
-- table: offer_scores
-- severity: warn
WITH spread AS (
  SELECT MIN(raw_score) AS lowest, MAX(raw_score) AS highest, COUNT(*) AS candidates FROM offer_scores
)
SELECT offer_scores.customer_id, offer_scores.offer_id, offer_scores.probability
FROM offer_scores
CROSS JOIN spread
WHERE spread.candidates > 1 AND spread.lowest = spread.highest
