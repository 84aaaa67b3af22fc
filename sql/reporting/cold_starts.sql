-- One row: how many owners showed no intent in the window. They get what owners of their vehicle buy.
WITH wished AS (
  SELECT DISTINCT customer_id FROM intent_scores WHERE intent > 0
)
SELECT
  @as_of AS as_of,
  COUNT(*) AS owners,
  COUNTIF(wished.customer_id IS NULL) AS without_intent,
  COUNTIF(wished.customer_id IS NULL) / COUNT(*) AS share_without_intent
FROM users_with_vehicles
LEFT JOIN wished
  ON wished.customer_id = users_with_vehicles.customer_id
HAVING COUNT(*) > 0
