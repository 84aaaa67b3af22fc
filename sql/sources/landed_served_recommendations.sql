-- One row per recommendation that was served, with the reason why it cannot be used, if there is one.
--
-- A row that comes with a day may be of an answer of the days before, and of none after it.
SELECT
  answer_id,
  customer_id,
  item_id,
  rank,
  served_at,
  product,
  version,
  arm,
  propensity,
  COALESCE(source_day, IF(DATE(served_at) < @start_date, @start_date, DATE(served_at)), @start_date) AS event_date,
  CASE
    WHEN unreadable IS NOT NULL THEN unreadable
    WHEN answer_id IS NULL THEN 'answer_id is missing'
    WHEN customer_id IS NULL THEN 'customer_id is missing'
    WHEN item_id IS NULL THEN 'item_id is missing'
    WHEN rank IS NULL THEN 'rank is missing'
    WHEN served_at IS NULL THEN 'served_at is missing'
    WHEN DATE(served_at) > source_day THEN 'served_at is after its day'
    WHEN DATE(served_at) < @start_date THEN 'served_at is before the start date'
    WHEN rank < 1 THEN 'rank is below 1'
    WHEN version < 1 THEN 'version is below 1'
    WHEN NOT (propensity > 0 AND propensity <= 1) THEN 'propensity is not in (0, 1]'
  END AS rejection
FROM source_served_recommendations
