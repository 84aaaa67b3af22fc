-- The average recommended price does not fall far below that of the run before. A failure means that prices are wrong
-- in the catalog, or that a rule lets cheap parts in. A company's first run has nothing to be compared with.
-- table: vehicle_recommendations
-- severity: error
-- earlier: previous_recommendations = vehicle_recommendations latest
WITH averages AS (
  SELECT
    (SELECT AVG((rec1_price + rec2_price + rec3_price + rec4_price) / 4) FROM previous_recommendations) AS price_before,
    (SELECT AVG((rec1_price + rec2_price + rec3_price + rec4_price) / 4) FROM vehicle_recommendations) AS price
)
SELECT ROUND(price_before, 2) AS price_before, ROUND(price, 2) AS price
FROM averages
WHERE price < (1 - @max_price_drop) * price_before
