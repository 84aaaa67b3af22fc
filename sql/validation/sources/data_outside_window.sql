-- The look-back window uses all the data that there is. A few days just before it are stored but never looked at: widen
-- the window. (Many such days mean that the company is an old one, and are no mistake.)
-- table: source_assessment
-- severity: warn
-- judges: @window_days
SELECT as_of, window_start, first_event_date, data_days_before_window
FROM source_assessment
WHERE data_days_before_window BETWEEN 1 AND 14
