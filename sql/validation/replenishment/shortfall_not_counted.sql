-- What each list lacks is counted: its items, those of each kind and its empty places add up to what it should have. A
-- failure means that short lists go unnoticed.
-- table: weekly_lists
-- severity: error
-- of: client_profiles
WITH listed AS (
  SELECT
    customer_id,
    COUNT(*) AS items,
    COUNT(IF(kind = 'repurchase', 1, NULL)) AS repurchases,
    COUNT(IF(kind = 'discovery', 1, NULL)) AS discoveries
  FROM weekly_recommendations
  GROUP BY customer_id
)
SELECT
  COALESCE(listed.customer_id, weekly_lists.customer_id) AS customer_id,
  listed.items,
  weekly_lists.shortfall,
  weekly_lists.repurchases_missing,
  weekly_lists.discoveries_missing
FROM listed
FULL JOIN weekly_lists
  ON weekly_lists.customer_id = listed.customer_id
WHERE listed.customer_id IS NULL
  OR weekly_lists.customer_id IS NULL
  OR weekly_lists.shortfall <> GREATEST(@repurchases_per_client + @discoveries_per_client - listed.items, 0)
  OR weekly_lists.repurchases_missing <> GREATEST(@repurchases_per_client - listed.repurchases, 0)
  OR weekly_lists.discoveries_missing <> GREATEST(@discoveries_per_client - listed.discoveries, 0)
