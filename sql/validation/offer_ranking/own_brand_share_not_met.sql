-- The company's own brand has its share of a customer's places, as far as the customer has such candidates and the cap
-- on categories allows. A failure means that the rule is not kept where it could be.
-- table: offer_recommendations
-- severity: warn
WITH own_candidates AS (
  SELECT
    offer_candidates.customer_id,
    catalog.category,
    COUNT(DISTINCT offer_candidates.item_id) AS items
  FROM offer_candidates
  JOIN catalog
    ON catalog.item_id = offer_candidates.item_id
  WHERE catalog.is_own_brand
  GROUP BY offer_candidates.customer_id, catalog.category
),
due AS (
  SELECT
    customer_id,
    LEAST(
      SUM(IF(category IS NULL, items, LEAST(items, @max_per_category))),
      CAST(CEIL(ROUND(@min_own_brand_share * @recommendations_per_customer, 6)) AS INT64)
    ) AS offers
  FROM own_candidates
  GROUP BY customer_id
),
given AS (
  SELECT offer_recommendations.customer_id, COUNT(*) AS offers
  FROM offer_recommendations
  JOIN catalog
    ON catalog.item_id = offer_recommendations.item_id
  WHERE catalog.is_own_brand
  GROUP BY offer_recommendations.customer_id
)
SELECT due.customer_id, due.offers AS due, COALESCE(given.offers, 0) AS given
FROM due
LEFT JOIN given
  ON given.customer_id = due.customer_id
WHERE COALESCE(given.offers, 0) < due.offers
