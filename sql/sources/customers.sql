-- One row per customer profile, as the company knew it on the day. Of several rows of a profile, the newest that is not
-- from after the day counts.
--
-- A profile that an undated feed knows only from later stands as it was first known.
SELECT
  as_of, customer_id, email, updated_at, vehicle_year, vehicle_make, vehicle_model, business_type, phone, push_token,
  opted_out_of
FROM landed_customers
WHERE rejection IS NULL
QUALIFY ROW_NUMBER() OVER (
  PARTITION BY customer_id
  ORDER BY
    -- NULL, which comes first, for what was known on the day.
    IF(DATE(updated_at) > as_of, updated_at, NULL),
    updated_at DESC, email, vehicle_year, vehicle_make, vehicle_model, business_type, phone, push_token,
    opted_out_of
) = 1
