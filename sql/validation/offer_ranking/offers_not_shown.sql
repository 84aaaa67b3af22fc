-- Most offers that run on the day after, when lists are shown, are shown to somebody. A failure means that more than
-- @max_offers_lost of them are on nobody's list: the margin floor, the rules or the model leave them out, and nothing
-- is learned about what is never shown.
-- table: offer_recommendations
-- of: offers
-- among: starts_on <= DATE_ADD(as_of, INTERVAL 1 DAY) AND ends_on > as_of
-- severity: warn
-- tolerance: @max_offers_lost
SELECT offers.offer_id, offers.item_id, offers.starts_on
FROM offers
LEFT JOIN (SELECT DISTINCT offer_id FROM offer_recommendations) AS given
  ON given.offer_id = offers.offer_id
WHERE offers.starts_on <= DATE_ADD(@as_of, INTERVAL 1 DAY) AND offers.ends_on > @as_of AND given.offer_id IS NULL
