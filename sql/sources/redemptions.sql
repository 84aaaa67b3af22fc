-- One row per offer that a customer redeemed in an order.
SELECT
  customer_id, offer_id, redeemed_at, order_id, campaign_id, event_date
FROM landed_redemptions
WHERE rejection IS NULL
QUALIFY ROW_NUMBER() OVER (
  PARTITION BY customer_id, offer_id, order_id, event_date
  ORDER BY redeemed_at, campaign_id
) = 1
