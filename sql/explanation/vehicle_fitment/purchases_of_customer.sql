-- One row per order line of a customer: what may not be recommended again.
-- given: @customer
SELECT item_id, family, ordered_on
FROM purchases
WHERE customer_id = @customer
ORDER BY ordered_on, item_id
