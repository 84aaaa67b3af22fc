-- One row when a customer gets nothing: the reason.
-- given: @customer
SELECT customer_id, reason
FROM dropped_customers
WHERE customer_id = @customer
