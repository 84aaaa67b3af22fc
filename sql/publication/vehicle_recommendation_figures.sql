-- One row: what a version of the recommendations of vehicle fitment is known by. A row that exists is complete.
SELECT
  COUNT(*) AS row_count,
  COUNT(DISTINCT customer_id) AS customers,
  MIN(as_of) AS first_day,
  MAX(as_of) AS last_day,
  MIN(generated_at) AS oldest,
  MAX(generated_at) AS newest,
  CAST(NULL AS STRING) AS flaw
FROM published
