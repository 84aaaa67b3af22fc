-- One row per client who orders most like a client, in one way of finding them, the most similar first.
-- given: @customer, @measure
SELECT rank, neighbour_id, similarity
FROM similar_clients
WHERE customer_id = @customer AND measure = @measure
ORDER BY rank
