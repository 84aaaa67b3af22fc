-- One row per customer, offer and day for which features are needed: today for what may be recommended, and the day
-- before it was shown for an impression, because that is all that was known when it was chosen.
--
-- A day that trains needs the whole training window; every day needs the newest impressions, to see drift, and those of
-- the newest week whose outcome is final, to see how the model does: that of an offer that has ended may be final
-- before its label days are over.
-- look-back: impressions @training_window_days
WITH due AS (
  SELECT IF(COUNT(*) > 0, @training_window_days, @drift_days) AS days FROM training_plan
),
ended AS (
  SELECT offer_id, shown_on
  FROM offer_periods
  WHERE @label_until = 'offer_end'
    AND ends_on <= @as_of
    AND ends_on > DATE_SUB(@as_of, INTERVAL 7 DAY)
    AND ends_on < DATE_ADD(shown_on, INTERVAL @label_days DAY)
)
SELECT DISTINCT
  @as_of AS as_of,
  impressions.customer_id,
  impressions.offer_id,
  DATE_SUB(impressions.event_date, INTERVAL 1 DAY) AS feature_day
FROM impressions
CROSS JOIN due
LEFT JOIN ended
  ON ended.offer_id = impressions.offer_id AND ended.shown_on = impressions.event_date
WHERE impressions.event_date > DATE_SUB(@as_of, INTERVAL due.days DAY)
  OR (
    impressions.event_date <= DATE_SUB(@as_of, INTERVAL @label_days DAY)
    AND impressions.event_date > DATE_SUB(@as_of, INTERVAL @label_days + 7 DAY)
  )
  OR ended.offer_id IS NOT NULL
UNION ALL
SELECT @as_of, customer_id, offer_id, @as_of
FROM offer_candidates
