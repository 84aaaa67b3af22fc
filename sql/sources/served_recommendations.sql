-- One row per recommendation that was served. What is reported twice counts once.
SELECT
  answer_id, customer_id, item_id, rank, served_at, product, version, arm, propensity, event_date
FROM landed_served_recommendations
WHERE rejection IS NULL
QUALIFY ROW_NUMBER() OVER (
  PARTITION BY answer_id, item_id, event_date
  ORDER BY rank, served_at, customer_id, product, version, arm, propensity
) = 1
