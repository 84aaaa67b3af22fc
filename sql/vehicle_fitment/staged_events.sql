-- One row per event of the intent window whose item is in the catalog: the exact SKU if the catalog has it, else its
-- base (`RA003B` without its variant's letter). An event that resolves to nothing says nothing about a part.
-- look-back: events @intent_window_days
SELECT
  @as_of AS as_of,
  events.event_id,
  events.event_date,
  events.customer_id,
  events.event_name,
  COALESCE(exact.item_id, base.item_id) AS item_id
FROM events
LEFT JOIN catalog AS exact
  ON exact.item_id = events.item_id
LEFT JOIN catalog AS base
  ON base.item_id = REGEXP_REPLACE(events.item_id, r'([0-9])[BRGP]$', r'\1')
WHERE events.event_name IN ('product_viewed', 'cart_updated', 'order_line')
  AND COALESCE(exact.item_id, base.item_id) IS NOT NULL
