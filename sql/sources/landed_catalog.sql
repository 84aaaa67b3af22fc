-- One row per row of the company's catalog feed, with the reason why it cannot be used, if there is one.
SELECT
  @as_of AS as_of,
  item_id,
  name,
  category,
  brand,
  price,
  cost,
  group_id,
  tags,
  image_url,
  price_tier,
  is_own_brand,
  is_fresh,
  CASE
    WHEN unreadable IS NOT NULL THEN unreadable
    WHEN item_id IS NULL THEN 'item_id is missing'
    WHEN price IS NULL THEN 'price is missing'
    WHEN price < 0 THEN 'price is negative'
    WHEN cost < 0 THEN 'cost is negative'
  END AS rejection
FROM source_catalog
