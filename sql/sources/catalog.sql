-- One row per SKU that the company sells.
--
-- Some SKUs stand twice in the feed with different categories, one of them unknown: the known category wins, and of two
-- known ones the alphabetically first, so that the same feed gives the same row.
SELECT
  as_of, item_id, name, category, brand, price, cost, group_id, tags, image_url, price_tier, is_own_brand, is_fresh
FROM landed_catalog
WHERE rejection IS NULL
QUALIFY ROW_NUMBER() OVER (
  PARTITION BY item_id
  ORDER BY
    IF(category IS NULL, 1, 0), category,
    price, name, brand, cost, group_id, tags, image_url, price_tier, is_own_brand, is_fresh
) = 1
