-- One row per client with a list: of how many items it is, and how many places stayed empty or went to the other kind.
-- What clients with short histories do not get is counted here.
SELECT
  @as_of AS as_of,
  customer_id,
  MAX(week) AS week,
  MAX(version) AS version,
  COUNT(*) AS items,
  COUNT(IF(kind = 'repurchase', 1, NULL)) AS repurchases,
  COUNT(IF(kind = 'discovery', 1, NULL)) AS discoveries,
  GREATEST(@repurchases_per_client - COUNT(IF(kind = 'repurchase', 1, NULL)), 0) AS repurchases_missing,
  GREATEST(@discoveries_per_client - COUNT(IF(kind = 'discovery', 1, NULL)), 0) AS discoveries_missing,
  GREATEST(@repurchases_per_client + @discoveries_per_client - COUNT(*), 0) AS shortfall
FROM weekly_recommendations
GROUP BY customer_id
