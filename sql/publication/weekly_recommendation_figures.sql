-- One row: what a version of the weekly lists is known by. A list is complete when its ranks are 1, 2, 3 and so on, each
-- with an item of its own, and of one version; all are of one week. Lists of several clients may differ in their version:
-- the company may try one on some of them.
SELECT
  CAST(SUM(items) AS INT64) AS row_count,
  COUNT(*) AS customers,
  MIN(first_day) AS first_day,
  MAX(last_day) AS last_day,
  MIN(oldest) AS oldest,
  MAX(newest) AS newest,
  CASE
    WHEN COUNT(IF(is_whole, NULL, 1)) > 0 THEN CONCAT(
      'has lists with a gap, or with an item twice: of ', CAST(COUNT(IF(is_whole, NULL, 1)) AS STRING), ' clients'
    )
    WHEN MIN(first_week) <> MAX(last_week) THEN 'mixes lists of several weeks'
    WHEN COUNT(IF(first_version <> last_version, 1, NULL)) > 0 THEN CONCAT(
      'mixes several versions of scoring in one list: of ',
      CAST(COUNT(IF(first_version <> last_version, 1, NULL)) AS STRING), ' clients'
    )
  END AS flaw
FROM (
  SELECT
    COUNT(*) AS items,
    COUNT(DISTINCT item_id) = COUNT(*) AND COUNT(DISTINCT rank) = COUNT(*) AND MIN(rank) = 1
      AND MAX(rank) = COUNT(*) AS is_whole,
    MIN(as_of) AS first_day,
    MAX(as_of) AS last_day,
    MIN(generated_at) AS oldest,
    MAX(generated_at) AS newest,
    MIN(week) AS first_week,
    MAX(week) AS last_week,
    MIN(version) AS first_version,
    MAX(version) AS last_version
  FROM published
  GROUP BY customer_id
) AS lists
