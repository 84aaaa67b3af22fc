-- One row per offer shown to a customer. An impression that is reported twice counts once.
SELECT
  impression_id, customer_id, offer_id, shown_at, campaign_id, event_date
FROM landed_impressions
WHERE rejection IS NULL
QUALIFY ROW_NUMBER() OVER (
  PARTITION BY impression_id, event_date
  ORDER BY shown_at, customer_id, offer_id, campaign_id
) = 1
