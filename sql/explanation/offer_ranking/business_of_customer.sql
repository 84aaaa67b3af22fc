-- One row when the day knows a customer: the kind of business. Where the company lists no customers, it knows those who
-- have candidates.
-- given: @customer
SELECT customer_id, business_type
FROM customers
WHERE customer_id = @customer
UNION ALL
SELECT DISTINCT customer_id, CAST(NULL AS STRING)
FROM offer_candidates
WHERE customer_id = @customer AND (SELECT COUNT(*) FROM customers) = 0
