-- One row per item that a customer showed intent for: how much.
-- given: @customer
SELECT item_id, intent
FROM intent_scores
WHERE customer_id = @customer
ORDER BY item_id
