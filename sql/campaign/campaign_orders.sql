-- One row per order of a known customer in the campaign window, and the message that it is credited to: the one that
-- the order names, or else the latest message to its customer in the @attribution_window_days before it. A message that
-- was held out earns nothing, and one that is known to have failed only what names it.
--
-- An order names its message (send_id), its campaign (the latest message of it to the customer; of several, one with
-- the order's coupon) or its coupon alone (the latest message with it). A name that no message to the customer before
-- the order bears names nothing, and the window decides.
--
-- The path is the last step on record before the order: an open after it earned nothing. Refunds are deducted from the
-- order that they belong to, whenever they came. Orders of the window's first days may belong to messages from before
-- it, which are not seen. Summed in hundredths, so that sums are exact.
-- look-back: events @campaign_window_days
WITH ordered AS (
  SELECT
    order_id,
    MIN(IF(event_name = 'order_line', customer_id, NULL)) AS customer_id,
    MIN(IF(event_name = 'order_line', event_ts, NULL)) AS ordered_at,
    SUM(IF(event_name = 'order_line', COALESCE(quantity, 1), 0)) AS units,
    SUM(
      IF(event_name = 'order_line', CAST(ROUND(100 * COALESCE(quantity, 1) * COALESCE(unit_price, 0)) AS INT64), 0)
    ) AS sold,
    SUM(
      IF(event_name = 'order_refunded', CAST(ROUND(100 * COALESCE(quantity, 1) * COALESCE(unit_price, 0)) AS INT64), 0)
    ) AS refunded,
    MIN(IF(event_name = 'order_refunded', NULL, send_id)) AS named_send,
    MIN(IF(event_name = 'order_refunded', NULL, campaign_id)) AS named_campaign,
    MIN(IF(event_name = 'order_refunded', NULL, coupon_id)) AS named_coupon
  FROM events
  WHERE event_name IN ('order_line', 'order_placed', 'order_refunded') AND order_id IS NOT NULL
  GROUP BY order_id
),
possible AS (
  SELECT
    ordered.order_id,
    ordered.ordered_at,
    sent.send_id,
    sent.sent_on,
    sent.sent_at,
    sent.campaign_id,
    sent.treatment_id,
    sent.arm,
    sent.opened_at,
    sent.clicked_at,
    sent.status,
    CASE
      WHEN sent.send_id = ordered.named_send THEN 1
      WHEN sent.campaign_id = ordered.named_campaign AND sent.coupon_id = ordered.named_coupon THEN 2
      WHEN sent.campaign_id = ordered.named_campaign THEN 3
      WHEN ordered.named_campaign IS NULL AND sent.coupon_id = ordered.named_coupon THEN 4
      WHEN sent.status <> 'failed'
        AND TIMESTAMP_ADD(sent.sent_at, INTERVAL @attribution_window_days DAY) > ordered.ordered_at THEN 5
    END AS claim
  FROM ordered
  JOIN send_engagement AS sent
    ON sent.customer_id = ordered.customer_id AND sent.sent_at <= ordered.ordered_at
  WHERE sent.status <> 'held_out'
),
earned AS (
  SELECT
    order_id,
    IF(claim = 5, 'window', 'explicit') AS credit,
    send_id,
    sent_on,
    sent_at,
    campaign_id,
    treatment_id,
    arm,
    IF(opened_at <= ordered_at, opened_at, NULL) AS opened_at,
    IF(clicked_at <= ordered_at, clicked_at, NULL) AS clicked_at,
    status
  FROM possible
  WHERE claim IS NOT NULL
  QUALIFY ROW_NUMBER() OVER (PARTITION BY order_id ORDER BY claim, sent_at DESC, send_id DESC) = 1
)
SELECT
  @as_of AS as_of,
  ordered.order_id,
  ordered.customer_id,
  ordered.ordered_at,
  DATE(ordered.ordered_at) AS ordered_on,
  ordered.units,
  ordered.sold / 100 AS sold,
  ordered.refunded / 100 AS refunded,
  (ordered.sold - ordered.refunded) / 100 AS revenue,
  earned.credit,
  earned.send_id,
  earned.sent_on,
  earned.campaign_id,
  earned.treatment_id,
  earned.arm,
  CASE
    WHEN earned.clicked_at IS NOT NULL THEN 'clicked'
    WHEN earned.opened_at IS NOT NULL THEN 'opened'
    WHEN earned.status = 'delivered' THEN 'delivered'
    WHEN earned.send_id IS NOT NULL THEN 'sent'
  END AS path,
  earned.opened_at,
  earned.clicked_at,
  TIMESTAMP_DIFF(ordered.ordered_at, earned.sent_at, MICROSECOND) / 3600000000 AS hours_since_sent
FROM ordered
LEFT JOIN earned
  ON earned.order_id = ordered.order_id
WHERE ordered.customer_id IS NOT NULL AND ordered.ordered_at IS NOT NULL
