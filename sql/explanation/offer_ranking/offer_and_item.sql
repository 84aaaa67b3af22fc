-- One row when the day knows an offer: the terms on which it is shown the day after, and its item as the catalog has
-- it.
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
QUALIFY ROW_NUMBER() OVER (
  PARTITION BY offers.offer_id
  ORDER BY
    IF(offers.starts_on <= DATE_ADD(@as_of, INTERVAL 1 DAY) AND offers.ends_on > @as_of, 0, 1),
    IF(offers.starts_on <= DATE_ADD(@as_of, INTERVAL 1 DAY), 0, 1),
    ABS(DATE_DIFF(offers.starts_on, @as_of, DAY) - 1)
) = 1
