-- One row when the day knows an offer: the terms on which it is shown the day after, and its item as the catalog has it.
-- given: @offer
SELECT
  offer_periods.offer_id,
  offer_periods.item_id,
  offer_periods.discount,
  offer_periods.starts_on,
  offer_periods.ends_on,
  catalog.name,
  COALESCE(goods_on_offer.category, 'unknown') AS category,
  goods_on_offer.items,
  goods_on_offer.price,
  goods_on_offer.cost
FROM offer_periods
LEFT JOIN goods_on_offer
  ON goods_on_offer.offer_id = offer_periods.offer_id
LEFT JOIN catalog
  ON catalog.item_id = offer_periods.item_id
WHERE offer_periods.offer_id = @offer AND offer_periods.shown_on = DATE_ADD(@as_of, INTERVAL 1 DAY)
