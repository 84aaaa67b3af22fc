-- The look-back window lies within the data. A window that reaches further back promises history that is not there.
-- table: source_assessment
-- severity: warn
-- judges: @window_days
SELECT as_of, window_start, first_event_date, window_days_without_data
FROM source_assessment
WHERE window_days_without_data > 0
