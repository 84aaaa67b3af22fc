-- The newest examples look like those that the serving model was trained on. A failure means that features, scores,
-- outcomes or their number have moved further than chance explains, so that the order may be wrong: `drift_report` says
-- what and how far. docs/drift.md and docs/retraining.md say how to tell a broken feed from a world that changed, and
-- what to do.
-- table: drift_report
-- severity: warn
SELECT name, figure, value, threshold, words
FROM drift_report
WHERE verdict = 'drifted'
