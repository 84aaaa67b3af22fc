-- The look-back window uses the data that there is. A few days just before it are stored and never looked at: widen the
-- window. (Many such days are an old company's, and no mistake.)
-- table: source_assessment
-- severity: warn
SELECT as_of, window_start, first_event_date, data_days_before_window
FROM source_assessment
WHERE data_days_before_window BETWEEN 1 AND 14
