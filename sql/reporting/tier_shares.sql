-- One row per tier, including tiers that gave nothing: the share of all recommendations that rest on its evidence, and
-- the share of owners who got at least one such part.
WITH served AS (
  SELECT COUNT(*) AS recommendations, COUNT(DISTINCT customer_id) AS customers FROM recommendations
),
of_tier AS (
  SELECT
    tier,
    COUNT(*) AS recommendations,
    COUNT(DISTINCT item_id) AS items,
    COUNT(DISTINCT customer_id) AS customers
  FROM recommendations
  GROUP BY tier
)
SELECT
  @as_of AS as_of,
  tiers.tier,
  COALESCE(of_tier.recommendations, 0) AS recommendations,
  COALESCE(of_tier.recommendations, 0) / served.recommendations AS share_of_recommendations,
  COALESCE(of_tier.items, 0) AS items,
  COALESCE(of_tier.customers, 0) AS customers,
  COALESCE(of_tier.customers, 0) / served.customers AS share_of_customers
FROM (SELECT tier FROM UNNEST(['vehicle', 'model', 'make', 'global']) AS tier) AS tiers
CROSS JOIN served
LEFT JOIN of_tier
  ON of_tier.tier = tiers.tier
WHERE served.recommendations > 0
