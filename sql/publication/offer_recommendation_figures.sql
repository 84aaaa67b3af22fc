-- One row: what a version of the lists of offers is known by. A list is complete when its ranks are 1, 2, 3 and so on,
-- each with an offer of its own.
SELECT
  CAST(SUM(offers) AS INT64) AS row_count,
  COUNT(*) AS customers,
  MIN(first_day) AS first_day,
  MAX(last_day) AS last_day,
  MIN(oldest) AS oldest,
  MAX(newest) AS newest,
  IF(
    COUNT(IF(is_whole, NULL, 1)) = 0,
    NULL,
    CONCAT(
      'has lists with a gap, or with an offer twice: of ', CAST(COUNT(IF(is_whole, NULL, 1)) AS STRING), ' customers'
    )
  ) AS flaw
FROM (
  SELECT
    COUNT(*) AS offers,
    COUNT(DISTINCT offer_id) = COUNT(*) AND COUNT(DISTINCT rank) = COUNT(*) AND MIN(rank) = 1
      AND MAX(rank) = COUNT(*) AS is_whole,
    MIN(as_of) AS first_day,
    MAX(as_of) AS last_day,
    MIN(generated_at) AS oldest,
    MAX(generated_at) AS newest
  FROM published
  GROUP BY customer_id
) AS lists
