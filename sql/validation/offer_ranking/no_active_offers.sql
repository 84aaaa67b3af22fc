-- Some offers run on the day after, from which the day's lists are shown. Without any, nothing is recommended, and what
-- is live stays, ended offers included: check whether the offers ended as planned, perhaps all on this day, or whether
-- their feed is stuck.
-- table: run_health
-- severity: warn
SELECT active_offers, candidates, recommendations, customers, customers_reached, previous_customers_reached
FROM run_health
WHERE active_offers = 0
