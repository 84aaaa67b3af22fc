-- One row per customer who gets nothing, and the one reason why: the first that applies, in the order in which the
-- pipeline finds out. It answers the question that every campaign manager asks.
WITH addressed AS (
  SELECT
    customer_id,
    LOWER(TRIM(email)) AS email_lower,
    COALESCE(REGEXP_CONTAINS(LOWER(TRIM(email)), r'^[^@\s]+@[^@\s]+\.[^@\s.]+$'), FALSE) AS is_usable,
    updated_at,
    vehicle_year,
    vehicle_make,
    vehicle_model
  FROM customers
),
judged AS (
  SELECT
    *,
    ROW_NUMBER() OVER (PARTITION BY is_usable, email_lower ORDER BY updated_at DESC, customer_id) AS profile_rank
  FROM addressed
),
served AS (
  SELECT DISTINCT customer_id FROM recommendations
),
vehicles AS (
  SELECT DISTINCT vehicle FROM eligible_parts
)
SELECT
  @as_of AS as_of,
  judged.customer_id,
  judged.email_lower,
  CASE
    WHEN NOT judged.is_usable THEN 'no usable e-mail'
    WHEN judged.profile_rank > 1 THEN 'another profile has the e-mail'
    WHEN judged.vehicle_year IS NULL OR judged.vehicle_make IS NULL OR judged.vehicle_model IS NULL THEN 'no vehicle'
    WHEN users_with_vehicles.customer_id IS NULL THEN 'vehicle not in fitment'
    WHEN vehicles.vehicle IS NULL THEN 'too few eligible parts'
    ELSE 'too few parts left'
  END AS reason
FROM judged
LEFT JOIN users_with_vehicles
  ON users_with_vehicles.customer_id = judged.customer_id
LEFT JOIN vehicles
  ON vehicles.vehicle = users_with_vehicles.vehicle
LEFT JOIN served
  ON served.customer_id = judged.customer_id
WHERE served.customer_id IS NULL
