-- Who was assigned to an arm on an earlier day is of that arm. A failure means that clients were shown lists of two
-- versions, so that no comparison of the arms can be trusted.
-- table: experiment_assignments
-- severity: error
-- earlier: assigned_before = experiment_assignments latest
SELECT assigned_before.experiment, assigned_before.customer_id, assigned_before.arm AS arm_before, assigned.arm
FROM assigned_before
LEFT JOIN experiment_assignments AS assigned
  ON assigned.customer_id = assigned_before.customer_id AND assigned.experiment = assigned_before.experiment
WHERE assigned.arm IS NULL OR assigned.arm <> assigned_before.arm
