-- One row per owner who can be e-mailed, with a vehicle that the fitment data knows: who can be recommended anything at
-- all. Of several profiles with one address the newest counts, whatever it says about the vehicle.
WITH addressed AS (
  SELECT customer_id, LOWER(TRIM(email)) AS email_lower, updated_at, vehicle_year, vehicle_make, vehicle_model
  FROM customers
  WHERE REGEXP_CONTAINS(LOWER(TRIM(email)), r'^[^@\s]+@[^@\s]+\.[^@\s.]+$')
),
newest AS (
  SELECT *
  FROM addressed
  QUALIFY ROW_NUMBER() OVER (PARTITION BY email_lower ORDER BY updated_at DESC, customer_id) = 1
),
vehicles AS (
  SELECT DISTINCT vehicle_year, vehicle_make, vehicle_model FROM fitment
)
SELECT
  @as_of AS as_of,
  newest.customer_id,
  newest.email_lower,
  CONCAT(CAST(newest.vehicle_year AS STRING), '|', newest.vehicle_make, '|', newest.vehicle_model) AS vehicle,
  newest.vehicle_year,
  newest.vehicle_make,
  newest.vehicle_model
FROM newest
JOIN vehicles
  ON vehicles.vehicle_year = newest.vehicle_year
  AND vehicles.vehicle_make = newest.vehicle_make
  AND vehicles.vehicle_model = newest.vehicle_model
