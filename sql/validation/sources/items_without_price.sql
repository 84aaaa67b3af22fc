-- Every item has a price. An item without one cannot be recommended.
-- table: catalog
-- severity: warn
-- tolerance: 0.1
SELECT item_id, price, tags, image_url
FROM catalog
WHERE price = 0
