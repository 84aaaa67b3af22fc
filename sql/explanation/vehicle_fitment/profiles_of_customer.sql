-- One row per profile that somebody may mean by an id or an e-mail address. The one with the id stands first, then the
-- newest.
-- given: @who
SELECT customer_id, LOWER(TRIM(email)) AS email_lower, vehicle_year, vehicle_make, vehicle_model
FROM customers
WHERE customer_id = @who OR LOWER(TRIM(email)) = LOWER(TRIM(@who))
ORDER BY customer_id = @who DESC, updated_at DESC, customer_id
