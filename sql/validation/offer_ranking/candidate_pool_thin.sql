-- Customers have more candidates than places, on average. A failure means that nearly every candidate is recommended,
-- however unlikely its redemption: there is nothing to choose from.
-- table: run_health
-- severity: warn
SELECT active_offers, candidates, candidate_customers
FROM run_health
WHERE active_offers > 0 AND candidates <= @recommendations_per_customer * candidate_customers
