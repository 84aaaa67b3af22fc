-- A customer's offers have the ranks 1, 2, 3 and so on without gaps, and there are no more of them than places. A
-- failure means that somebody's list has a hole or does not fit.
-- table: offer_recommendations
-- severity: error
SELECT customer_id, COUNT(*) AS offers, MIN(rank) AS first_rank, MAX(rank) AS last_rank
FROM offer_recommendations
GROUP BY customer_id
HAVING COUNT(DISTINCT rank) < COUNT(*)
  OR MIN(rank) <> 1
  OR MAX(rank) <> COUNT(*)
  OR COUNT(*) > @recommendations_per_customer
