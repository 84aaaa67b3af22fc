-- All lists are of the version that the company has chosen, scored by one scorer, and of the week that begins on the first
-- Monday that is not before the day. A failure means that lists of several runs or settings are mixed.
-- table: weekly_recommendations
-- severity: error
WITH scorers AS (
  SELECT MIN(scored_by) AS first_scorer FROM weekly_recommendations
)
SELECT lists.customer_id, lists.rank, lists.week, lists.version, lists.scored_by
FROM weekly_recommendations AS lists
CROSS JOIN scorers
WHERE lists.version <> @version
  OR lists.scored_by <> scorers.first_scorer
  OR FORMAT_DATE('%u', lists.week) <> '1'
  OR DATE_DIFF(lists.week, lists.as_of, DAY) NOT BETWEEN 0 AND 6
