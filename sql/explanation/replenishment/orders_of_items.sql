-- One row per order of a client with one of the named items: when, and how many units of it came back.
-- look-back: order_lines @history_days
-- given: @customer, @items ARRAY<STRING>
WITH lines AS (
  SELECT item_id, order_id, event_date, quantity, returned
  FROM order_lines
  WHERE customer_id = @customer AND item_id IN UNNEST(@items)
),
sent_back AS (
  SELECT item_id, order_id, SUM(returned) AS units FROM lines GROUP BY item_id, order_id
)
SELECT
  lines.item_id,
  lines.order_id,
  lines.event_date AS ordered_on,
  lines.quantity,
  sent_back.units AS sent_back
FROM lines
JOIN sent_back
  ON sent_back.item_id = lines.item_id AND sent_back.order_id = lines.order_id
WHERE lines.quantity > 0
ORDER BY lines.item_id, lines.event_date, lines.order_id
