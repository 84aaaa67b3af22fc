-- One row per offer and period in which it runs, past, running or announced. Of several rows of an offer that start on
-- the same day the one that ends last counts.
SELECT
  as_of, offer_id, item_id, discount, starts_on, ends_on, kind, campaign_id
FROM landed_offers
WHERE rejection IS NULL
QUALIFY ROW_NUMBER() OVER (
  PARTITION BY offer_id, starts_on
  ORDER BY ends_on DESC, item_id, discount, kind, campaign_id
) = 1
