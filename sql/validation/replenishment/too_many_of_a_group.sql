-- Nobody gets more items of one group, as the catalog knows it, than allowed. Items without group and category are not
-- alike. A failure means that somebody's list shows nearly the same thing over and over.
-- table: weekly_recommendations
-- severity: error
WITH listed AS (
  SELECT weekly_recommendations.customer_id, COALESCE(catalog.group_id, catalog.category) AS group_id
  FROM weekly_recommendations
  JOIN catalog
    ON catalog.item_id = weekly_recommendations.item_id
)
SELECT customer_id, group_id, COUNT(*) AS items
FROM listed
WHERE group_id IS NOT NULL
GROUP BY customer_id, group_id
HAVING COUNT(*) > @max_per_group
