-- One row per named item that the day knows: its name, what it is like, and how many of the active clients buy it.
-- given: @items ARRAY<STRING>
WITH active AS (
  SELECT customer_id FROM client_profiles WHERE is_active
),
buyers AS (
  SELECT client_items.item_id, COUNT(*) AS clients
  FROM client_items
  JOIN active
    ON active.customer_id = client_items.customer_id
  WHERE client_items.orders > 0
  GROUP BY client_items.item_id
)
SELECT
  product_trends.item_id,
  catalog.name,
  product_trends.group_id,
  product_trends.brand,
  product_trends.price_band,
  product_trends.is_trending,
  product_trends.is_new,
  product_trends.is_discontinued,
  COALESCE(buyers.clients, 0) AS buyers,
  (SELECT COUNT(*) FROM active) AS clients
FROM product_trends
LEFT JOIN catalog
  ON catalog.item_id = product_trends.item_id
LEFT JOIN buyers
  ON buyers.item_id = product_trends.item_id
WHERE product_trends.item_id IN UNNEST(@items)
ORDER BY product_trends.item_id
