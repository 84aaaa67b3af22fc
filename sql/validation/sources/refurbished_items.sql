-- The catalog sells new items. Refurbished items are never recommended.
-- table: catalog
-- severity: warn
-- tolerance: 0.2
SELECT item_id, price, tags, image_url
FROM catalog
WHERE tags LIKE '%refurbished%'
