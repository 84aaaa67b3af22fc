-- One row per offer that a customer is shown, by its rank, as messages show it: with the list price, and the discount
-- beside it. An offer on no single item is called by its category.
SELECT
  published.customer_id,
  published.rank,
  published.item_id,
  published.offer_id,
  published.ends_on,
  published.discount,
  published.price,
  COALESCE(catalog.name, NULLIF(published.category, 'unknown')) AS name,
  catalog.image_url
FROM published
LEFT JOIN catalog
  ON catalog.item_id = published.item_id
ORDER BY published.customer_id, published.rank
