-- One row per candidate among some pairs of a client and an item that a model scored: what it said, and which it was.
-- A pair is both ids with a space between. Where spaces stand in ids, others may look the same, and come, too.
-- given: @customers ARRAY<STRING>, @pairs ARRAY<STRING>
SELECT
  customer_id,
  item_id,
  raw,
  digest
FROM model_scores
WHERE customer_id IN UNNEST(@customers) AND CONCAT(customer_id, ' ', item_id) IN UNNEST(@pairs)
ORDER BY customer_id, item_id
