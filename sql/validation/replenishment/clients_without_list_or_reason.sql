-- Every active client has a list, or stands among those without one with a reason, and no client does both. A failure
-- means that clients are lost without anybody being told why.
-- table: unserved_clients
-- severity: error
-- of: client_profiles
SELECT
  client_profiles.customer_id,
  client_profiles.is_active,
  served.customer_id IS NOT NULL AS has_list,
  unserved_clients.reason
FROM client_profiles
LEFT JOIN (SELECT DISTINCT customer_id FROM weekly_recommendations) AS served
  ON served.customer_id = client_profiles.customer_id
LEFT JOIN unserved_clients
  ON unserved_clients.customer_id = client_profiles.customer_id
WHERE IF(client_profiles.is_active, 1, 0)
  <> IF(served.customer_id IS NULL, 0, 1) + IF(unserved_clients.customer_id IS NULL, 0, 1)
