-- One row: what a version of a treatment allocation is known by. A version is complete when there are shares of (all),
-- and those of each segment add up to 1.
SELECT
  CAST(SUM(treatments) AS INT64) AS row_count,
  CAST(NULL AS INT64) AS customers,
  MIN(first_day) AS first_day,
  MAX(last_day) AS last_day,
  TIMESTAMP(MIN(first_day)) AS oldest,
  TIMESTAMP(MAX(last_day)) AS newest,
  CASE
    WHEN COUNT(IF(segment = '(all)', 1, NULL)) = 0
    THEN 'has no shares of (all), for customers of any other segment'
    WHEN MAX(ABS(total - 1)) > 0.000001 THEN CONCAT(
      'has shares that do not add up to 1: of ',
      STRING_AGG(IF(ABS(total - 1) > 0.000001, segment, NULL), ', ' ORDER BY segment)
    )
  END AS flaw
FROM (
  SELECT segment, COUNT(*) AS treatments, SUM(share) AS total, MIN(as_of) AS first_day, MAX(as_of) AS last_day
  FROM published
  GROUP BY segment
) AS segments
