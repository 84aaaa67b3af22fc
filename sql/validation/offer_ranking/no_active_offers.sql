-- Some offers run on the day. Without any, nothing is recommended and what is live stays: look whether the offers ended
-- as planned, or whether their feed is stuck.
-- table: run_health
-- severity: warn
SELECT active_offers, candidates, recommendations, customers, customers_reached, previous_customers_reached
FROM run_health
WHERE active_offers = 0
