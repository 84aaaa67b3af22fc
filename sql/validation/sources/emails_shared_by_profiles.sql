-- Every profile has an e-mail address of its own. Of several with one address, the newest is mailed.
-- table: customers
-- severity: warn
-- tolerance: 0.1
SELECT customer_id, email
FROM customers
WHERE email IS NOT NULL
QUALIFY ROW_NUMBER() OVER (PARTITION BY LOWER(TRIM(email)) ORDER BY updated_at DESC, customer_id) > 1
