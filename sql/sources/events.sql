-- One row per thing a customer did, under its canonical name. An event that the feed repeats counts once, and so
-- does an order line that several feeds report: on the first day it was reported.
--
-- An event that the company declares a metric on, and that has no canonical name, keeps its own.
--
-- Of several feeds that report an order line on one day, the preferred one (the company's first name for `order_line`)
-- wins.
-- look-back: landed_events 8
WITH named AS (
  SELECT
    event_id,
    event_ts,
    event_date,
    customer_id,
    CASE
      WHEN event_name IN UNNEST(@product_viewed_names) THEN 'product_viewed'
      WHEN event_name IN UNNEST(@cart_updated_names) THEN 'cart_updated'
      WHEN event_name IN UNNEST(@order_line_names) THEN 'order_line'
      WHEN event_name IN UNNEST(@order_refunded_names) THEN 'order_refunded'
      WHEN event_name IN UNNEST(@order_placed_names) THEN 'order_placed'
      ELSE event_name
    END AS event_name,
    IF(event_name = @preferred_order_feed, 0, 1) AS _feed_rank,
    event_name AS _raw_name,
    item_id,
    quantity,
    unit_price,
    order_id,
    is_promo,
    channel,
    send_id,
    campaign_id,
    coupon_id
  FROM landed_events
  WHERE rejection IS NULL
),
once AS (
  SELECT *
  FROM named
  QUALIFY ROW_NUMBER() OVER (
    PARTITION BY event_id, event_date
    ORDER BY
      event_ts, _feed_rank, _raw_name, item_id, customer_id, order_id, quantity, unit_price, channel, is_promo,
      send_id, campaign_id, coupon_id
  ) = 1
),
reported AS (
  SELECT
    *,
    -- The line stood in the days before already (a week back, whichever feed said so).
    MAX(UNIX_DATE(event_date)) OVER (
      PARTITION BY order_id, item_id
      ORDER BY UNIX_DATE(event_date)
      RANGE BETWEEN 7 PRECEDING AND 1 PRECEDING
    ) AS _reported_before,
    -- Of the feeds that report it on this day, the one to believe.
    MIN(CONCAT(CAST(_feed_rank AS STRING), _raw_name)) OVER (PARTITION BY order_id, item_id, event_date) AS _believed
  FROM once
  WHERE event_name = 'order_line'
)
SELECT
  event_id, event_ts, event_date, customer_id, event_name, item_id, quantity, unit_price, order_id, is_promo, channel,
  send_id, campaign_id, coupon_id
FROM once
WHERE event_name <> 'order_line'
UNION ALL
SELECT
  event_id, event_ts, event_date, customer_id, event_name, item_id, quantity, unit_price, order_id, is_promo, channel,
  send_id, campaign_id, coupon_id
FROM reported
WHERE _reported_before IS NULL AND CONCAT(CAST(_feed_rank AS STRING), _raw_name) = _believed
