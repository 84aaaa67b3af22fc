-- What a model learns from is older than the target that it foresees, and no target reaches into the days to come: it
-- begins after the history that features look at, on a day up to that of the table. A failure means that a model learns
-- what it can never be told.
-- table: replenishment_examples
-- severity: error
SELECT example, customer_id, item_id, target_from, client_days_since
FROM replenishment_examples
WHERE target_from > @as_of
  OR client_days_since < 1
  OR own_recency_days < 1
  OR (own_count = 0 AND own_recency_days IS NOT NULL)
