-- Every recommended offer leaves the required margin, as far as the cost of its item is known; of several items there is
-- no one cost. A failure means that the company loses money on what it recommends.
-- table: offer_recommendations
-- severity: error
SELECT
  offer_recommendations.customer_id,
  offer_recommendations.rank,
  offer_recommendations.offer_id,
  ROUND(1 - offer_recommendations.discount - SAFE_DIVIDE(goods_on_offer.cost, goods_on_offer.price), 6) AS margin
FROM offer_recommendations
JOIN goods_on_offer
  ON goods_on_offer.offer_id = offer_recommendations.offer_id
WHERE ROUND(1 - offer_recommendations.discount - SAFE_DIVIDE(goods_on_offer.cost, goods_on_offer.price), 6) < @min_margin
