-- One row per row of the company's event feed, with the reason why it cannot be used, if there is one. Nothing is
-- dropped here: a rejected row goes on to rejected_rows, every other one to events.
--
-- Where the strategy knows no catalog, an order line needs no item: it says who ordered, and for how much.
-- An undated feed's row without a usable time stands on the first day, so that it is counted once.
SELECT
  event_id,
  event_ts,
  COALESCE(source_day, IF(DATE(event_ts) < @start_date, @start_date, DATE(event_ts)), @start_date) AS event_date,
  customer_id,
  event_name,
  item_id,
  quantity,
  unit_price,
  order_id,
  is_promo,
  channel,
  send_id,
  campaign_id,
  coupon_id,
  CASE
    WHEN unreadable IS NOT NULL THEN unreadable
    WHEN event_id IS NULL THEN 'event_id is missing'
    WHEN event_ts IS NULL THEN 'event_ts is missing'
    WHEN DATE(event_ts) <> source_day THEN 'event_ts is outside its day'
    WHEN DATE(event_ts) < @start_date THEN 'event_ts is before the start date'
    WHEN event_name IS NULL THEN 'event_name is missing'
    WHEN event_name NOT IN UNNEST(@product_viewed_names)
      AND event_name NOT IN UNNEST(@cart_updated_names)
      AND event_name NOT IN UNNEST(@order_line_names)
      AND event_name NOT IN UNNEST(@order_placed_names)
      AND event_name NOT IN UNNEST(@order_refunded_names)
      AND event_name NOT IN UNNEST(@kept_event_names) THEN 'event_name is unknown'
    WHEN item_id IS NULL
      AND 'catalog' IN UNNEST(@source_tables)
      AND (
        event_name IN UNNEST(@product_viewed_names)
        OR event_name IN UNNEST(@cart_updated_names)
        OR event_name IN UNNEST(@order_line_names)
      ) THEN 'item_id is missing'
    WHEN order_id IS NULL
      AND (event_name IN UNNEST(@order_line_names) OR event_name IN UNNEST(@order_refunded_names))
      THEN 'order_id is missing'
    WHEN quantity < 0 THEN 'quantity is negative'
    WHEN unit_price < 0 THEN 'unit_price is negative'
  END AS rejection
FROM source_events
