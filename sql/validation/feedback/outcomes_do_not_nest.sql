-- What was clicked was shown, and what was shown or bought was served. A failure means that a recommendation is counted
-- more often than it was made, and that every rate is wrong.
-- table: recommendation_outcomes
-- severity: error
SELECT product, version, arm, rank, served, shown, clicked, bought
FROM recommendation_outcomes
WHERE clicked > shown OR shown > served OR bought > served
