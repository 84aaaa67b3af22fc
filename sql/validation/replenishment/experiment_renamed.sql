-- An experiment keeps its name, and the next one begins when the one before is over: by the first day of its shares. A
-- failure means that clients are drawn anew in the middle of an experiment: give it back its name, or let the new one
-- begin later (`experiment_shares`).
-- table: experiment_assignments
-- severity: error
WITH named AS (
  SELECT experiment, MIN(drawn_by) AS first_day, MAX(last_on) AS last_on FROM experiment_assignments GROUP BY experiment
)
SELECT other.experiment AS other_name, other.last_on, named.experiment AS name, named.first_day
FROM named
JOIN named AS other
  ON other.experiment <> named.experiment AND other.last_on >= named.first_day
WHERE named.experiment = @experiment
