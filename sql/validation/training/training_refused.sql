-- A training that is asked for gives a model that can serve. A failure means that there was nothing to learn from, that
-- what was learned ranks nothing, or that an error ended the training. The model that served before continues, and gets
-- older every day; without one, what knows no model scores.
-- table: ranking_model
-- severity: warn
SELECT kind, outcome, asked_by, words
FROM ranking_model
WHERE outcome IN ('refused', 'failed')
