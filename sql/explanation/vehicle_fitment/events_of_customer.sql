-- One row per event of a customer in the intent window: what intent scores are made from.
-- given: @customer
SELECT event_id, event_date, event_name, item_id
FROM staged_events
WHERE customer_id = @customer
ORDER BY event_date, event_id
