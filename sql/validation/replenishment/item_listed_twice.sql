-- An item stands once in a client's list. A failure means that a place is wasted, and that an item is called both known
-- and new.
-- table: weekly_recommendations
-- severity: error
SELECT customer_id, item_id, COUNT(*) AS places
FROM weekly_recommendations
GROUP BY customer_id, item_id
HAVING COUNT(*) > 1
