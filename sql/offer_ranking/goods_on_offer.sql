-- One row per offer that covers items: what they have in common. Its category is the one that most of its items are of;
-- of several items there is no one price.
WITH of_category AS (
  SELECT
    offered_items.offer_id,
    COALESCE(catalog.category, 'unknown') AS category,
    COUNT(*) AS items,
    COUNT(catalog.item_id) AS known_items,
    COUNT(IF(catalog.is_own_brand, 1, NULL)) AS own_brand,
    COUNT(catalog.is_own_brand) AS of_known_brand,
    MAX(catalog.price) AS price,
    MAX(catalog.cost) AS cost
  FROM offered_items
  LEFT JOIN catalog
    ON catalog.item_id = offered_items.item_id
  GROUP BY offered_items.offer_id, COALESCE(catalog.category, 'unknown')
),
first_category AS (
  SELECT offer_id, category
  FROM of_category
  QUALIFY ROW_NUMBER() OVER (
    PARTITION BY offer_id ORDER BY IF(category = 'unknown', 1, 0), items DESC, category
  ) = 1
)
SELECT
  @as_of AS as_of,
  of_category.offer_id,
  first_category.category,
  SUM(of_category.items) AS items,
  SUM(of_category.known_items) AS known_items,
  IF(SUM(of_category.items) = 1, MAX(of_category.price), NULL) AS price,
  IF(SUM(of_category.items) = 1, MAX(of_category.cost), NULL) AS cost,
  SAFE_DIVIDE(SUM(of_category.own_brand), SUM(of_category.of_known_brand)) >= 0.5 AS is_own_brand
FROM of_category
JOIN first_category
  ON first_category.offer_id = of_category.offer_id
GROUP BY of_category.offer_id, first_category.category
