-- One row per profile with an e-mail address, the newest first: the one that counts.
-- given: @email
SELECT customer_id
FROM customers
WHERE LOWER(TRIM(email)) = @email
ORDER BY updated_at DESC, customer_id
