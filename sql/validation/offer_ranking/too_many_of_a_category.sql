-- Nobody gets more offers of one category, as the catalog knows it, than allowed. Items of unknown category are not
-- alike. A failure means that somebody's list shows nearly the same thing over and over.
-- table: offer_recommendations
-- severity: error
SELECT offer_recommendations.customer_id, catalog.category, COUNT(*) AS offers
FROM offer_recommendations
JOIN catalog
  ON catalog.item_id = offer_recommendations.item_id
WHERE catalog.category IS NOT NULL
GROUP BY offer_recommendations.customer_id, catalog.category
HAVING COUNT(*) > @max_per_category
