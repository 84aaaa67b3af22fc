-- Messages were drawn for the arms in the planned shares. A failure (a deviation that large happens by chance once in a
-- thousand times) means that the draw, or the record of it, is broken: no comparison of the arms can be trusted.
-- table: sample_ratio
-- severity: warn
SELECT arm, messages, expected, p_value
FROM sample_ratio
WHERE p_value < 0.001
