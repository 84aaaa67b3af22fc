-- Images are served over https. Mail programs do not show others.
-- table: catalog
-- severity: warn
-- tolerance: 0.1
SELECT item_id, price, tags, image_url
FROM catalog
WHERE STARTS_WITH(image_url, 'http://')
