-- Few recommendations rest on everybody's orders alone. Many of them mean that owners' orders do not reach the ranking,
-- which falls back to showing everybody the same headlight. When popularity is `global` by choice, all of them do.
-- table: recommendations
-- severity: warn
-- tolerance: @max_global_share
SELECT customer_id, rank, item_id, vehicle
FROM recommendations
WHERE tier = 'global' AND @popularity = 'segment'
