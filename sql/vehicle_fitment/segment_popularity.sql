-- One row per segment and item that its owners ordered. Segments nest: vehicle, model, make, and `all` for everybody,
-- owner or not. The weight of an order halves every @popularity_half_life_days.
--
-- Weights are summed as whole millionths, because a sum of fractions depends on the order in which they are added.
WITH vehicles AS (
  SELECT DISTINCT vehicle_year, vehicle_make, vehicle_model FROM fitment
),
owners AS (
  SELECT customers.customer_id, customers.vehicle_year, customers.vehicle_make, customers.vehicle_model
  FROM customers
  JOIN vehicles
    ON vehicles.vehicle_year = customers.vehicle_year
    AND vehicles.vehicle_make = customers.vehicle_make
    AND vehicles.vehicle_model = customers.vehicle_model
),
weighed AS (
  SELECT
    purchases.item_id,
    owners.vehicle_year,
    owners.vehicle_make,
    owners.vehicle_model,
    CAST(
      ROUND(1000000 * POW(0.5, DATE_DIFF(@as_of, purchases.ordered_on, DAY) / @popularity_half_life_days)) AS INT64
    ) AS millionths
  FROM purchases
  LEFT JOIN owners USING (customer_id)
),
counted AS (
  SELECT
    'vehicle' AS tier,
    CONCAT(CAST(vehicle_year AS STRING), '|', vehicle_make, '|', vehicle_model) AS segment,
    item_id,
    COUNT(*) AS orders,
    SUM(millionths) AS millionths
  FROM weighed
  WHERE vehicle_make IS NOT NULL
  GROUP BY vehicle_year, vehicle_make, vehicle_model, item_id
  UNION ALL
  SELECT 'model', CONCAT(vehicle_make, '|', vehicle_model), item_id, COUNT(*), SUM(millionths)
  FROM weighed
  WHERE vehicle_make IS NOT NULL
  GROUP BY vehicle_make, vehicle_model, item_id
  UNION ALL
  SELECT 'make', vehicle_make, item_id, COUNT(*), SUM(millionths)
  FROM weighed
  WHERE vehicle_make IS NOT NULL
  GROUP BY vehicle_make, item_id
  UNION ALL
  SELECT 'global', 'all', item_id, COUNT(*), SUM(millionths)
  FROM weighed
  GROUP BY item_id
),
whole AS (
  SELECT tier, segment, SUM(millionths) AS millionths
  FROM counted
  GROUP BY tier, segment
)
SELECT
  @as_of AS as_of,
  counted.tier,
  counted.segment,
  counted.item_id,
  counted.orders,
  counted.millionths / 1000000 AS weighted_orders,
  whole.millionths / 1000000 AS segment_orders
FROM counted
JOIN whole
  ON whole.tier = counted.tier AND whole.segment = counted.segment
