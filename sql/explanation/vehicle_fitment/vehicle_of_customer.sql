-- One row when a customer owns a vehicle that the fitment data knows: which.
-- given: @customer
SELECT customer_id, vehicle, vehicle_year, vehicle_make, vehicle_model
FROM users_with_vehicles
WHERE customer_id = @customer
