-- Every recommended offer leaves the required margin, as far as the cost of its item is known. A failure means that the
-- company loses money on what it recommends.
-- table: offer_recommendations
-- severity: error
SELECT
  offer_recommendations.customer_id,
  offer_recommendations.rank,
  offer_recommendations.offer_id,
  ROUND(1 - offer_recommendations.discount - SAFE_DIVIDE(catalog.cost, catalog.price), 6) AS margin
FROM offer_recommendations
JOIN catalog
  ON catalog.item_id = offer_recommendations.item_id
WHERE ROUND(1 - offer_recommendations.discount - SAFE_DIVIDE(catalog.cost, catalog.price), 6) < @min_margin
