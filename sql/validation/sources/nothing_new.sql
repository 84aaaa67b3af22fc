-- Something happened since the last run, of what the company tells of. Without new intent a refresh changes nothing, and
-- the feed may be stuck.
-- table: source_assessment
-- severity: warn
SELECT as_of, previous_run, new_events, customers_with_new_intent
FROM source_assessment
WHERE (new_events = 0 OR customers_with_new_intent = 0)
  AND 'events' NOT IN UNNEST(@not_provided)
  AND 'events' NOT IN UNNEST(@sparse_tables)
