-- Most running offers are shown to somebody. A failure means that more of them than @max_offers_lost have nobody's
-- place: the margin floor, the rules or the model leave them out, and what is never shown is never learned about.
-- table: offer_recommendations
-- severity: warn
WITH running AS (
  SELECT
    offers.offer_id,
    offers.item_id,
    offers.offer_id IN (SELECT offer_id FROM offer_recommendations) AS is_shown
  FROM offers
  WHERE offers.starts_on <= @as_of AND offers.ends_on >= @as_of
),
counted AS (
  SELECT COUNT(*) AS offers, COUNT(IF(is_shown, NULL, 1)) AS lost FROM running
)
SELECT running.offer_id, running.item_id
FROM running
CROSS JOIN counted
WHERE NOT running.is_shown AND counted.lost > @max_offers_lost * counted.offers
