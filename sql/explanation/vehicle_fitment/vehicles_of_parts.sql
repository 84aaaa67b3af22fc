-- One row per named part: how many vehicles it fits.
-- given: @items ARRAY<STRING>
SELECT item_id, COUNT(*) AS vehicles
FROM fitment
WHERE item_id IN UNNEST(@items)
GROUP BY item_id
ORDER BY item_id
