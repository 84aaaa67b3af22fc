-- Messages were drawn for the arms in the planned shares. A failure (so large a deviation happens once in a thousand
-- times) means that the draw, or what is recorded of it, is broken: no comparison of the arms can be believed.
-- table: sample_ratio
-- severity: warn
SELECT arm, messages, expected, p_value
FROM sample_ratio
WHERE p_value < 0.001
