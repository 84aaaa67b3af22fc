-- One row per client who orders most like a client, the most similar first.
-- given: @customer
SELECT rank, neighbour_id, similarity
FROM similar_clients
WHERE customer_id = @customer
ORDER BY rank
