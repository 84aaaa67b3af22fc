-- A client's lists count for one arm of an experiment. A failure means that it was moved between them: what it bought
-- belongs to neither.
-- table: experiment_outcomes
-- severity: error
SELECT experiment, customer_id, COUNT(DISTINCT arm) AS arms
FROM experiment_outcomes
GROUP BY experiment, customer_id
HAVING COUNT(DISTINCT arm) > 1
