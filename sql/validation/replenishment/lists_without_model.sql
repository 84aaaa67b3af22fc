-- Clients of version 4 are scored by a trained model. A failure means that none serves the day, so that they are scored as
-- by version 3.2: that is right in a company's first weeks, when there is too little to learn from, and wrong ever after.
-- table: replenishment_scores
-- severity: warn
SELECT customer_id, item_id, version, scored_by
FROM replenishment_scores
WHERE version = 'v4' AND scored_by = 'v32'
