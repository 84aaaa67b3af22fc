-- One row per row of the company's impression feed, with the reason why it cannot be used, if there is one.
SELECT
  impression_id,
  customer_id,
  offer_id,
  shown_at,
  campaign_id,
  COALESCE(source_day, IF(DATE(shown_at) < @start_date, @start_date, DATE(shown_at)), @start_date) AS event_date,
  CASE
    WHEN unreadable IS NOT NULL THEN unreadable
    WHEN impression_id IS NULL THEN 'impression_id is missing'
    WHEN customer_id IS NULL THEN 'customer_id is missing'
    WHEN offer_id IS NULL THEN 'offer_id is missing'
    WHEN shown_at IS NULL THEN 'shown_at is missing'
    WHEN DATE(shown_at) <> source_day THEN 'shown_at is outside its day'
    WHEN DATE(shown_at) < @start_date THEN 'shown_at is before the start date'
  END AS rejection
FROM source_impressions
