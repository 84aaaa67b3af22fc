-- No model serves the day, so candidates are ranked by how often each offer was redeemed: every customer is shown the
-- same offers first. That is right in a company's first weeks, and wrong ever after.
-- table: offer_scores
-- severity: warn
SELECT customer_id, offer_id, probability
FROM offer_scores
WHERE scored_by = 'redemption rate'
