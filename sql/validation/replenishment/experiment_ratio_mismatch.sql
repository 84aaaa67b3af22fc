-- The arms of an experiment have as many clients with a list as the shares say by which they were drawn. A failure (a
-- deviation that large happens by chance once in a thousand times) means that the draw is broken, or that a version leaves
-- clients without a list: no comparison of the arms can be trusted.
-- table: experiment_results
-- severity: warn
SELECT DISTINCT experiment, arm, clients, expected_clients, ratio_p_value
FROM experiment_results
WHERE ratio_p_value < 0.001
