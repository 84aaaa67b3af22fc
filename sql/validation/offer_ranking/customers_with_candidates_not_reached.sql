-- Every customer with candidates gets recommendations: no business rule takes the last one away. A failure means that
-- candidates are lost on their way through features and scores.
-- table: offer_recommendations
-- severity: error
SELECT offer_candidates.customer_id, COUNT(*) AS candidates
FROM offer_candidates
LEFT JOIN (SELECT DISTINCT customer_id FROM offer_recommendations) AS reached
  ON reached.customer_id = offer_candidates.customer_id
WHERE reached.customer_id IS NULL
GROUP BY offer_candidates.customer_id
