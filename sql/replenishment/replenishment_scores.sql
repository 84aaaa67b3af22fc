-- One row per active client and item that it may be recommended, with a score: what the client bought, by how often and
-- how due it is, and what it never bought, by how many clients of its segment buy it. A plain scorer, without
-- neighbours and without a model, whichever version a company has chosen.
--
-- Due is an item most when as many days have passed as usually do between two orders of it, less the earlier or later it
-- is. Of an item that was ordered once nobody knows when it is due. What trends scores @trend_boost more.
WITH repurchases AS (
  SELECT
    client_items.customer_id,
    client_items.item_id,
    client_items.orders,
    client_items.share_of_orders,
    client_items.days_since,
    client_profiles.orders AS all_orders,
    client_items.days_since / client_items.mean_gap_days AS cycles_since,
    product_trends.is_trending
  FROM client_items
  JOIN client_profiles
    ON client_profiles.customer_id = client_items.customer_id AND client_profiles.is_active
  JOIN product_trends
    ON product_trends.item_id = client_items.item_id AND NOT product_trends.is_discontinued
  WHERE client_items.orders > 0
),
segments AS (
  SELECT segment, COUNT(*) AS clients FROM client_profiles WHERE is_active GROUP BY segment
),
popular AS (
  SELECT
    client_profiles.segment,
    client_items.item_id,
    COUNT(*) AS clients
  FROM client_items
  JOIN client_profiles
    ON client_profiles.customer_id = client_items.customer_id AND client_profiles.is_active
  JOIN product_trends
    ON product_trends.item_id = client_items.item_id AND NOT product_trends.is_discontinued
  WHERE client_items.orders > 0
  GROUP BY client_profiles.segment, client_items.item_id
  QUALIFY ROW_NUMBER() OVER (PARTITION BY client_profiles.segment ORDER BY COUNT(*) DESC, client_items.item_id) <= 100
),
discoveries AS (
  SELECT client_profiles.customer_id, popular.item_id, popular.segment, popular.clients
  FROM client_profiles
  JOIN popular
    ON popular.segment = client_profiles.segment
  LEFT JOIN client_items
    ON client_items.customer_id = client_profiles.customer_id AND client_items.item_id = popular.item_id
  WHERE client_profiles.is_active AND client_items.item_id IS NULL
)
SELECT
  @as_of AS as_of,
  customer_id,
  item_id,
  'repurchase' AS kind,
  ROUND(
    share_of_orders
      * IF(cycles_since IS NULL, 0.25, 0.25 + 0.75 * IF(cycles_since <= 1, cycles_since, 1 / NULLIF(cycles_since, 0)))
      * IF(is_trending, 1 + @trend_boost, 1),
    6
  ) AS score,
  CONCAT(
    'bought in ', CAST(orders AS STRING), ' of ', CAST(all_orders AS STRING), ' orders, last ',
    CASE days_since WHEN 0 THEN 'today' WHEN 1 THEN 'yesterday' ELSE CONCAT(CAST(days_since AS STRING), ' days ago') END,
    IF(is_trending, '; trending', '')
  ) AS reason,
  'orders and popularity' AS scored_by,
  @version AS version
FROM repurchases
UNION ALL
SELECT
  @as_of,
  discoveries.customer_id,
  discoveries.item_id,
  'discovery',
  ROUND(discoveries.clients / segments.clients * IF(product_trends.is_trending, 1 + @trend_boost, 1), 6),
  CONCAT(
    'bought by ', CAST(discoveries.clients AS STRING), ' of ', CAST(segments.clients AS STRING), ' ',
    discoveries.segment, ' clients', IF(product_trends.is_trending, '; trending', '')
  ),
  'orders and popularity',
  @version
FROM discoveries
JOIN segments
  ON segments.segment = discoveries.segment
JOIN product_trends
  ON product_trends.item_id = discoveries.item_id
