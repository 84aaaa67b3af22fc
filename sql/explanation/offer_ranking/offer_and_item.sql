-- One row when the day knows an offer: its terms, and its item as the catalog has it.
-- given: @offer
SELECT
  offers.offer_id,
  offers.item_id,
  offers.discount,
  offers.starts_on,
  offers.ends_on,
  catalog.name,
  COALESCE(catalog.category, 'unknown') AS category,
  catalog.price,
  catalog.cost
FROM offers
LEFT JOIN catalog
  ON catalog.item_id = offers.item_id
WHERE offers.offer_id = @offer
