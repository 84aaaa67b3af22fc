-- One row per owner and item that the owner viewed, put in the cart or ordered in the window. The stronger the kind of
-- event and the newer it is, the higher the score, up to @max_intent.
--
-- Summed as whole millionths, so that it is the same however the events are read.
WITH weighed AS (
  SELECT
    users_with_vehicles.customer_id,
    staged_events.item_id,
    staged_events.event_name,
    CAST(
      ROUND(
        1000000
        * CASE staged_events.event_name
          WHEN 'product_viewed' THEN @view_weight
          WHEN 'cart_updated' THEN @cart_weight
          ELSE @order_weight
        END
        * POW(0.5, DATE_DIFF(@as_of, staged_events.event_date, DAY) / @intent_half_life_days)
      ) AS INT64
    ) AS millionths
  FROM staged_events
  JOIN users_with_vehicles USING (customer_id)
)
SELECT
  @as_of AS as_of,
  customer_id,
  item_id,
  COUNTIF(event_name = 'product_viewed') AS views,
  COUNTIF(event_name = 'cart_updated') AS carts,
  COUNTIF(event_name = 'order_line') AS orders,
  ROUND(LEAST(SUM(millionths) / 1000000, @max_intent), 6) AS intent
FROM weighed
GROUP BY customer_id, item_id
