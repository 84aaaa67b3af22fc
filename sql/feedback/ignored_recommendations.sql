-- One row per customer and recommendation that steps back: shown in more than @ignored_after weeks, and neither clicked
-- nor bought. Its score is multiplied by @ignored_factor for each week more.
SELECT
  @as_of AS as_of,
  customer_id,
  item_id,
  COUNT(*) AS weeks_ignored,
  MAX(last_shown_on) AS last_shown_on,
  POW(@ignored_factor, COUNT(*) - @ignored_after) AS factor
FROM ignored_weeks
GROUP BY customer_id, item_id
HAVING COUNT(*) > @ignored_after
