-- One row per order line from before the event stream began.
SELECT
  as_of, order_line_id, item_id, ordered_at, customer_id, quantity, unit_price
FROM landed_order_history
WHERE rejection IS NULL
QUALIFY ROW_NUMBER() OVER (
  PARTITION BY order_line_id
  ORDER BY ordered_at, item_id, customer_id, quantity, unit_price
) = 1
