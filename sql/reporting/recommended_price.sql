-- One row per rank: what the parts recommended there cost. An average that falls from one run to the next shows that
-- the ranking has turned to cheaper parts.
SELECT
  @as_of AS as_of,
  rank AS position,
  COUNT(*) AS customers,
  SUM(CAST(ROUND(100 * price) AS INT64)) / COUNT(*) / 100 AS average_price,
  MIN(price) AS lowest_price,
  MAX(price) AS highest_price
FROM recommendations
GROUP BY rank
