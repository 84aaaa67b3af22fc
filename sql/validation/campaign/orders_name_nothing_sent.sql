-- The messages, campaigns and coupons that orders name are those of messages. A failure means that not one of them is:
-- both feeds write them differently (9.0 and 9), and credit falls back on the attribution window.
-- table: campaign_orders
-- severity: warn
-- look-back: events @campaign_window_days
-- remedy: Write send_id, campaign_id and coupon_id of events as in treatments, or leave them out.
WITH named AS (
  SELECT 'send_id' AS name, send_id AS value, order_id
  FROM events
  WHERE send_id IS NOT NULL AND event_name IN ('order_line', 'order_placed') AND order_id IS NOT NULL
  UNION ALL
  SELECT 'campaign_id' AS name, campaign_id AS value, order_id
  FROM events
  WHERE campaign_id IS NOT NULL AND event_name IN ('order_line', 'order_placed') AND order_id IS NOT NULL
  UNION ALL
  SELECT 'coupon_id' AS name, coupon_id AS value, order_id
  FROM events
  WHERE coupon_id IS NOT NULL AND event_name IN ('order_line', 'order_placed') AND order_id IS NOT NULL
),
-- No message is sent twice.
sent AS (
  SELECT 'send_id' AS name, send_id AS value FROM send_engagement
  UNION ALL
  SELECT DISTINCT 'campaign_id' AS name, campaign_id AS value FROM send_engagement
  UNION ALL
  SELECT DISTINCT 'coupon_id' AS name, coupon_id AS value FROM send_engagement WHERE coupon_id IS NOT NULL
),
known AS (
  SELECT name, MIN(value) AS such_as
  FROM sent
  GROUP BY name
),
counted AS (
  SELECT
    named.name,
    COUNT(DISTINCT named.order_id) AS orders,
    MIN(named.value) AS such_as,
    COUNT(sent.value) AS of_messages
  FROM named
  LEFT JOIN sent
    ON sent.name = named.name AND sent.value = named.value
  GROUP BY named.name
)
SELECT counted.name, counted.orders, counted.such_as, known.such_as AS sent_are_such_as
FROM counted
JOIN known
  ON known.name = counted.name
-- A few may be of messages from before the window; and coupons without a message that carried one name nothing at all.
WHERE counted.orders >= 5 AND counted.of_messages = 0
