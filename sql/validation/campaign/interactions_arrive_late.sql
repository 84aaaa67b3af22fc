-- Opens and clicks of the last three days have arrived: they do not trail orders and messages by more than
-- @max_interaction_lag_hours, and the share of orders without an open is not clearly higher than usual. A failure means
-- that the figures of these days are provisional; they are made again when the data arrives.
-- table: campaign_days
-- severity: warn
SELECT day, lag_hours, orders, orders_without_open, because
FROM campaign_days
WHERE lagging AND day > DATE_SUB(@last_day, INTERVAL 3 DAY)
