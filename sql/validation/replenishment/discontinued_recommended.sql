-- What is recommended stands in the day's catalog. A failure means that clients order what is not sold any more.
-- table: weekly_recommendations
-- severity: error
SELECT weekly_recommendations.customer_id, weekly_recommendations.item_id
FROM weekly_recommendations
LEFT JOIN catalog
  ON catalog.item_id = weekly_recommendations.item_id
WHERE catalog.item_id IS NULL AND (SELECT COUNT(*) FROM catalog) > 0
