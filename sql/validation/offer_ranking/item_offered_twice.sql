-- A customer's offers are of different items. A failure means that somebody is shown the same thing twice, perhaps at
-- two prices.
-- table: offer_recommendations
-- severity: error
SELECT offer_recommendations.customer_id, offers.item_id, COUNT(DISTINCT offer_recommendations.rank) AS places
FROM offer_recommendations
JOIN offers
  ON offers.offer_id = offer_recommendations.offer_id
WHERE offers.item_id IS NOT NULL
GROUP BY offer_recommendations.customer_id, offers.item_id
HAVING COUNT(DISTINCT offer_recommendations.rank) > 1
