-- One row when the day knows a client, by its orders or by the customer feed: how it orders, and why it has no list.
-- given: @customer
WITH known AS (
  SELECT customer_id FROM client_profiles WHERE customer_id = TRIM(@customer)
  UNION DISTINCT
  SELECT customer_id FROM customers WHERE customer_id = TRIM(@customer)
)
SELECT
  known.customer_id,
  client_profiles.orders,
  client_profiles.items,
  client_profiles.first_ordered_on,
  client_profiles.last_ordered_on,
  client_profiles.mean_gap_days,
  client_profiles.segment,
  COALESCE(client_profiles.is_active, FALSE) AS is_active,
  unserved_clients.reason AS without_list_because
FROM known
LEFT JOIN client_profiles
  ON client_profiles.customer_id = known.customer_id
LEFT JOIN unserved_clients
  ON unserved_clients.customer_id = known.customer_id
