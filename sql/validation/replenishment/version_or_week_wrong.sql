-- Every list is of its client's version (that of its arm in the company's experiment, else the company's), those of a
-- version are scored by one scorer, and all are of the week that begins on the first Monday that is not before the day. A
-- failure means that lists of several runs or settings are mixed.
-- table: weekly_recommendations
-- severity: error
WITH scorers AS (
  SELECT version, MIN(scored_by) AS first_scorer FROM weekly_recommendations GROUP BY version
)
SELECT lists.customer_id, lists.rank, lists.week, lists.version, lists.scored_by
FROM weekly_recommendations AS lists
JOIN scorers
  ON scorers.version = lists.version
LEFT JOIN experiment_assignments AS assigned
  ON assigned.customer_id = lists.customer_id AND assigned.experiment = @experiment
WHERE lists.version <> COALESCE(assigned.arm, @version)
  OR lists.scored_by <> scorers.first_scorer
  OR FORMAT_DATE('%u', lists.week) <> '1'
  OR DATE_DIFF(lists.week, lists.as_of, DAY) NOT BETWEEN 0 AND 6
