-- Few rows of a feed are unusable. More than the warning share means that the feed changed: see rejected_rows for the
-- reasons. Above rejected_tolerance the feed is refused when it lands, and none of it is written.
-- table: source_counts
-- severity: warn
SELECT event_date, source_table, landed, rejected
FROM source_counts
WHERE rejected > @rejected_warning * landed AND rejected > @rejected_minimum
