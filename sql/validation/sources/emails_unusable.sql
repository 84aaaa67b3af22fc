-- Every profile has an e-mail address that mail can be sent to. The others get no recommendations. Where no profile has
-- any, the company tells of none.
-- table: customers
-- severity: warn
-- tolerance: 0.3
SELECT customer_id, email
FROM customers
WHERE (email IS NULL OR NOT REGEXP_CONTAINS(LOWER(TRIM(email)), r'^[^@\s]+@[^@\s]+\.[^@\s.]+$'))
  AND EXISTS (SELECT 1 FROM customers WHERE email IS NOT NULL)
