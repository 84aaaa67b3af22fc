-- One row per offer that a customer is recommended, by rank.
-- given: @customer
SELECT rank, offer_id, category, score, expected_margin, reason
FROM offer_recommendations
WHERE customer_id = @customer
ORDER BY rank
