-- The number of customers stays near that of the run before. A failure means that a feed lost or doubled profiles,
-- vehicles or fitment. A company's first run has nothing to be compared with.
-- table: vehicle_recommendations
-- severity: error
-- earlier: previous_recommendations = vehicle_recommendations latest
WITH counted AS (
  SELECT
    (SELECT COUNT(*) FROM previous_recommendations) AS customers_before,
    (SELECT COUNT(*) FROM vehicle_recommendations) AS customers
)
SELECT customers_before, customers
FROM counted
WHERE customers_before > 0 AND ABS(customers - customers_before) > @max_customer_change * customers_before
