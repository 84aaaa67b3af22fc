-- One row per row of the company's redemption feed, with the reason why it cannot be used, if there is one.
SELECT
  customer_id,
  offer_id,
  redeemed_at,
  order_id,
  campaign_id,
  COALESCE(source_day, IF(DATE(redeemed_at) < @start_date, @start_date, DATE(redeemed_at)), @start_date) AS event_date,
  CASE
    WHEN unreadable IS NOT NULL THEN unreadable
    WHEN customer_id IS NULL THEN 'customer_id is missing'
    WHEN offer_id IS NULL THEN 'offer_id is missing'
    WHEN order_id IS NULL THEN 'order_id is missing'
    WHEN redeemed_at IS NULL THEN 'redeemed_at is missing'
    WHEN DATE(redeemed_at) <> source_day THEN 'redeemed_at is outside its day'
    WHEN DATE(redeemed_at) < @start_date THEN 'redeemed_at is before the start date'
  END AS rejection
FROM source_redemptions
