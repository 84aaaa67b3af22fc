-- While offers run, nearly as many customers are reached as by the most recent earlier run, whichever day that was. A
-- failure means that customers are lost on the way: profiles, purchases or redemptions do not arrive, or the offers are
-- nobody's candidates. A company's first run, and one after days without offers, has nothing to be compared with.
-- table: run_health
-- severity: warn
SELECT active_offers, candidate_customers, previous_customers_reached, customers_reached
FROM run_health
WHERE active_offers > 0 AND customers_reached < (1 - @max_customers_lost) * previous_customers_reached
