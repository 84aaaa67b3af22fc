-- One row per item of a client's list, by rank.
-- given: @customer
SELECT rank, item_id, kind, score, reason, group_id, version, scored_by, week
FROM weekly_recommendations
WHERE customer_id = @customer
ORDER BY rank
