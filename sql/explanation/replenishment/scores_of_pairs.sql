-- One row per candidate among pairs of some clients and items that a model scored: what it said, and which it was.
-- given: @customers ARRAY<STRING>, @items ARRAY<STRING>
SELECT
  customer_id,
  item_id,
  raw,
  digest
FROM model_scores
WHERE customer_id IN UNNEST(@customers) AND item_id IN UNNEST(@items)
ORDER BY customer_id, item_id
