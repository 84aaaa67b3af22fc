-- One row per row of the company's customer feed, with the reason why it cannot be used, if there is one.
SELECT
  @as_of AS as_of,
  customer_id,
  email,
  updated_at,
  vehicle_year,
  vehicle_make,
  vehicle_model,
  business_type,
  phone,
  push_token,
  opted_out_of,
  CASE
    WHEN unreadable IS NOT NULL THEN unreadable
    WHEN customer_id IS NULL THEN 'customer_id is missing'
  END AS rejection
FROM source_customers
