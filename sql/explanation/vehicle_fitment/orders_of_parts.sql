-- One row per named part that was ever ordered: how often, by anybody.
-- given: @items ARRAY<STRING>
SELECT item_id, orders
FROM item_popularity
WHERE item_id IN UNNEST(@items)
ORDER BY item_id
