-- An order is credited to a message to its own customer that was sent before it and not held out; unless the order names
-- it, at most @attribution_window_days before, and not known to have failed. A failure means that revenue is claimed
-- that no message can have earned.
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
      AND send_engagement.status <> 'held_out'
      AND send_engagement.sent_at <= campaign_orders.ordered_at
      AND (
        COALESCE(campaign_orders.credit = 'explicit', FALSE)
        OR (
          send_engagement.status <> 'failed'
          AND TIMESTAMP_ADD(send_engagement.sent_at, INTERVAL @attribution_window_days DAY) > campaign_orders.ordered_at
        )
      ),
    FALSE
  )
