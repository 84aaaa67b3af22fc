-- One row per named item and similar client who ordered it and kept it, the most similar first.
-- given: @customer, @measure, @items ARRAY<STRING>
SELECT
  client_items.item_id,
  similar_clients.neighbour_id,
  similar_clients.rank,
  similar_clients.similarity,
  client_items.orders,
  client_items.last_ordered_on
FROM similar_clients
JOIN client_items
  ON client_items.customer_id = similar_clients.neighbour_id AND client_items.orders > 0
WHERE similar_clients.customer_id = @customer
  AND similar_clients.measure = @measure
  AND client_items.item_id IN UNNEST(@items)
ORDER BY client_items.item_id, similar_clients.rank
