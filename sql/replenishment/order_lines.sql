-- One row per day, order and item that a known client ordered or sent back. All that replenishment knows of orders is
-- read here, so that a day's events are read once, on their day.
--
-- A return stands on the day on which it came, under the order that it belongs to: the day of the order is over by then.
-- One that names no order belongs to none. A line without an order is an order of its own.
SELECT
  event_date,
  COALESCE(order_id, event_id) AS order_id,
  customer_id,
  item_id,
  SUM(IF(event_name = 'order_line', COALESCE(quantity, 1), 0)) AS quantity,
  SUM(IF(event_name = 'order_refunded', COALESCE(quantity, 1), 0)) AS returned,
  SUM(
    IF(event_name = 'order_line', CAST(ROUND(100 * COALESCE(quantity, 1) * COALESCE(unit_price, 0)) AS INT64), 0)
  ) AS spent_cents
FROM events
WHERE (event_name = 'order_line' OR (event_name = 'order_refunded' AND order_id IS NOT NULL))
  AND customer_id IS NOT NULL
  AND item_id IS NOT NULL
GROUP BY event_date, COALESCE(order_id, event_id), customer_id, item_id
