-- Every address is in lower case, well formed, and the customer's own. A failure means that mail bounces, goes to
-- somebody else, or misses the retailer's list of addresses.
-- table: vehicle_recommendations
-- severity: error
SELECT recommended.customer_id, recommended.email_lower
FROM vehicle_recommendations AS recommended
LEFT JOIN customers
  ON customers.customer_id = recommended.customer_id
WHERE recommended.email_lower <> LOWER(recommended.email_lower)
  OR NOT REGEXP_CONTAINS(recommended.email_lower, r'^[^@\s]+@[^@\s]+\.[^@\s.]+$')
  OR LOWER(recommended.email_lower) <> COALESCE(LOWER(TRIM(customers.email)), '')
