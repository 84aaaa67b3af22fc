-- One row per customer, item and day with a purchase of it: shows which categories, price tiers and discounts a
-- customer buys. Categories come later, from the catalog, so that a correction of it counts for the past as well.
SELECT
  event_date,
  customer_id,
  item_id,
  COUNT(*) AS lines,
  -- What was paid is compared with what it would have cost: a line without a price says nothing about it.
  SUM(IF(is_promo AND unit_price IS NOT NULL, COALESCE(quantity, 1), 0)) AS promo_units,
  SUM(IF(is_promo, CAST(ROUND(100 * COALESCE(quantity, 1) * COALESCE(unit_price, 0)) AS INT64), 0)) AS promo_cents
FROM events
WHERE event_name = 'order_line' AND customer_id IS NOT NULL AND item_id IS NOT NULL
GROUP BY event_date, customer_id, item_id
