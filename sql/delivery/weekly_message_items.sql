-- One row per item of a client's list, by its rank, as messages show it.
SELECT
  published.customer_id,
  published.rank,
  published.item_id,
  CAST(NULL AS STRING) AS offer_id,
  CAST(NULL AS DATE) AS ends_on,
  CAST(NULL AS FLOAT64) AS discount,
  catalog.price,
  catalog.name,
  catalog.image_url
FROM published
LEFT JOIN catalog
  ON catalog.item_id = published.item_id
ORDER BY published.customer_id, published.rank
