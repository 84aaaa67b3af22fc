-- One row per client and day with orders: how many, and how large. What says how often a client orders is summed on its
-- day, so that a week adds up days instead of order lines.
--
-- Returned goods are not deducted: who sends something back has ordered all the same.
SELECT
  event_date,
  customer_id,
  COUNT(DISTINCT order_id) AS orders,
  COUNT(*) AS lines,
  SUM(quantity) AS units,
  SUM(spent_cents) AS spent_cents
FROM order_lines
WHERE quantity > 0
GROUP BY event_date, customer_id
