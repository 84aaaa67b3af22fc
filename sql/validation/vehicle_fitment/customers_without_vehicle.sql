-- Every customer's vehicle is known: year, make and model. Without it, nothing can be said to fit.
-- table: customers
-- severity: warn
-- tolerance: 0.3
SELECT customer_id, vehicle_year, vehicle_make, vehicle_model
FROM customers
WHERE vehicle_year IS NULL OR vehicle_make IS NULL OR vehicle_model IS NULL
