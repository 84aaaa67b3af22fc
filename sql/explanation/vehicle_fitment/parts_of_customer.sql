-- One row per part that a customer is recommended, by rank, with the parts of its score.
-- given: @customer
SELECT rank, item_id, part_type, price, tier, score, intent, popularity
FROM recommendations
WHERE customer_id = @customer
ORDER BY rank
