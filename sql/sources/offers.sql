-- One row per offer, past, running or announced. Of several rows of an offer the newest counts.
SELECT
  as_of, offer_id, item_id, discount, starts_on, ends_on
FROM landed_offers
WHERE rejection IS NULL
QUALIFY ROW_NUMBER() OVER (
  PARTITION BY offer_id
  ORDER BY starts_on DESC, ends_on DESC, item_id, discount
) = 1
