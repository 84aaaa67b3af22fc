-- One row per named part that the catalog has: what the merchandising rules look at.
-- given: @items ARRAY<STRING>
SELECT item_id, name, category, price, tags, image_url
FROM catalog
WHERE item_id IN UNNEST(@items)
ORDER BY item_id
