-- A training was asked for and brought no model that could serve: there was nothing to learn from, or what was learned
-- ranks nothing. The model that served before goes on, and gets older every day; without one, redemption rates score.
-- table: ranking_model
-- severity: warn
SELECT kind, asked_by, words
FROM ranking_model
WHERE outcome = 'refused'
