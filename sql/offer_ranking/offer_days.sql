-- One row per offer and day on which it was shown or redeemed: what an offer's redemption rate is made from.
SELECT
  event_date,
  offer_id,
  SUM(impressions) AS impressions,
  SUM(redemptions) AS redemptions
FROM (
  SELECT event_date, offer_id, 1 AS impressions, 0 AS redemptions FROM impressions
  UNION ALL
  SELECT event_date, offer_id, 0, 1 FROM redemptions
) AS happened
GROUP BY event_date, offer_id
