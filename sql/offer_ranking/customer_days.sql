-- One row per customer and day with purchases: what features add up, so that a day's events are read once, on their
-- day.
--
-- Returned goods are not deducted: a return says little about which offers a customer will take, and its order may lie
-- before the look-back window.
WITH of_orders AS (
  SELECT
    event_date,
    customer_id,
    -- A line without an order is an order of its own.
    COALESCE(order_id, event_id) AS order_id,
    LOGICAL_OR(LOWER(channel) IN UNNEST(@business_channels)) AS is_business,
    COUNT(*) AS lines,
    COUNT(IF(is_promo, 1, NULL)) AS promo_lines,
    -- What is sold by the litre or gram would outweigh all else.
    SUM(IF(quantity > @most_line_units, @most_line_units, COALESCE(quantity, 1))) AS units,
    SUM(CAST(ROUND(100 * COALESCE(quantity, 1) * COALESCE(unit_price, 0)) AS INT64)) AS spent_cents
  FROM events
  WHERE event_name = 'order_line' AND customer_id IS NOT NULL
  GROUP BY event_date, customer_id, COALESCE(order_id, event_id)
)
SELECT
  event_date,
  customer_id,
  COUNT(order_id) AS orders,
  COUNT(IF(is_business, order_id, NULL)) AS business_orders,
  SUM(lines) AS lines,
  SUM(promo_lines) AS promo_lines,
  SUM(units) AS units,
  SUM(spent_cents) AS spent_cents
FROM of_orders
GROUP BY event_date, customer_id
