-- Every day has events, unless they are few by the strategy's nature. A day without any is a gap in the feed: what it
-- held is missing from every window over it.
-- table: events
-- severity: warn
SELECT missing_day
FROM UNNEST(GENERATE_DATE_ARRAY(@first_day, @last_day)) AS missing_day
WHERE missing_day NOT IN (SELECT event_date FROM events) AND 'events' NOT IN UNNEST(@sparse_tables)
