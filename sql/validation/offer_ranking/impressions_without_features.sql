-- Impressions that are due stand in the training set; only those of offers that nobody knows may be missing, and they
-- are few. A failure means that offers are missing from the feed, or that impressions get lost on the way.
-- table: training_set
-- severity: warn
-- tolerance: @rejected_tolerance
-- look-back: impressions @training_window_days
WITH due AS (
  SELECT IF(COUNT(*) > 0, @training_window_days, @drift_days) AS days FROM training_plan
)
SELECT DISTINCT impressions.impression_id, impressions.event_date, impressions.offer_id
FROM impressions
CROSS JOIN due
LEFT JOIN training_set
  ON training_set.impression_id = impressions.impression_id
WHERE training_set.impression_id IS NULL
  AND (
    impressions.event_date > DATE_SUB(@as_of, INTERVAL due.days DAY)
    OR (
      impressions.event_date <= DATE_SUB(@as_of, INTERVAL @label_days DAY)
      AND impressions.event_date > DATE_SUB(@as_of, INTERVAL @label_days + 7 DAY)
    )
  )
