-- One row when the day knows a customer: the kind of business.
-- given: @customer
SELECT customer_id, business_type
FROM customers
WHERE customer_id = @customer
