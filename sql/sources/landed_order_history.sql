-- One row per row of the company's order history feed, with the reason why it cannot be used, if there is one.
--
-- An undated feed holds what it holds today: an order from after the day is left to the days that it belongs to.
SELECT
  @as_of AS as_of,
  order_line_id,
  item_id,
  ordered_at,
  customer_id,
  quantity,
  unit_price,
  CASE
    WHEN unreadable IS NOT NULL THEN unreadable
    WHEN order_line_id IS NULL THEN 'order_line_id is missing'
    WHEN item_id IS NULL THEN 'item_id is missing'
    WHEN ordered_at IS NULL THEN 'ordered_at is missing'
    WHEN DATE(ordered_at) > source_day THEN 'ordered_at is after its day'
    WHEN quantity IS NULL THEN 'quantity is missing'
    WHEN quantity < 0 THEN 'quantity is negative'
    WHEN unit_price < 0 THEN 'unit_price is negative'
  END AS rejection
FROM source_order_history
WHERE source_day IS NOT NULL OR ordered_at IS NULL OR DATE(ordered_at) <= @as_of
