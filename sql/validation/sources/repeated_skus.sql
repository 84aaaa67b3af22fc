-- The catalog lists each SKU once. A SKU that is listed twice, with a known and an unknown category, is merged.
-- table: landed_catalog
-- severity: warn
-- tolerance: 0.05
SELECT item_id, category
FROM landed_catalog
WHERE rejection IS NULL
QUALIFY ROW_NUMBER() OVER (PARTITION BY item_id ORDER BY IF(category IS NULL, 1, 0), category, price, name) > 1
