-- An order is credited to a message to its own customer, sent at most @attribution_window_days before it, that was
-- neither held out nor is known to have failed. A failure means that revenue is claimed that no message can have earned.
-- table: campaign_orders
-- severity: error
SELECT
  campaign_orders.order_id,
  campaign_orders.send_id,
  send_engagement.status,
  campaign_orders.hours_since_sent
FROM campaign_orders
LEFT JOIN send_engagement
  ON send_engagement.send_id = campaign_orders.send_id
WHERE campaign_orders.send_id IS NOT NULL
  AND NOT COALESCE(
    send_engagement.customer_id = campaign_orders.customer_id
      AND send_engagement.status IN ('delivered', 'unreported')
      AND send_engagement.sent_at <= campaign_orders.ordered_at
      AND TIMESTAMP_ADD(send_engagement.sent_at, INTERVAL @attribution_window_days DAY) > campaign_orders.ordered_at,
    FALSE
  )
