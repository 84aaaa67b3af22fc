-- One row per part that steps back for a customer: in how many weeks it was shown and ignored.
-- given: @customer
SELECT item_id, weeks_ignored, factor
FROM ignored_recommendations
WHERE customer_id = @customer
ORDER BY item_id
