-- A training was asked for and brought no model that could serve: there was nothing to learn from, what was learned
-- ranks nothing, or an error ended it. The model that served before goes on, and gets older every day; without one,
-- redemption rates score.
-- table: ranking_model
-- severity: warn
SELECT kind, outcome, asked_by, words
FROM ranking_model
WHERE outcome IN ('refused', 'failed')
