-- A customer's offers have the places 1, 2, 3 and so on, none left out, and there are not more of them than places. A
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
