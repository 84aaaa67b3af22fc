-- E-mail addresses are written in lower case. Others are lower-cased before anything is sent.
-- table: customers
-- severity: warn
-- tolerance: 0.5
SELECT customer_id, email
FROM customers
WHERE email <> LOWER(email)
