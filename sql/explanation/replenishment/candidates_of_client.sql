-- One row per candidate of a client that version 4 looks at, with what each of its sources says: what its model is told of
-- them, besides the client's own habits.
-- given: @customer
SELECT
  customer_id,
  item_id,
  neighbours_slow_l2,
  neighbours_slow_cosine,
  neighbours_fast_cosine,
  transitions,
  new_item
FROM replenishment_candidates
WHERE customer_id = @customer AND transitions IS NOT NULL
ORDER BY item_id
