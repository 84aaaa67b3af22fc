-- The redemption rate that impressions are said to know is that of the days before they were shown, read from
-- impressions and redemptions alone, for the first day on which they were shown, whose future is the longest. A failure
-- means that a rate counts the very redemptions that a model is to predict; or that a day's impressions changed and its
-- counts were not made again.
-- table: training_set
-- severity: error
-- look-back: impressions @history_days
-- look-back: redemptions @history_days
WITH first_day AS (
  SELECT MIN(shown_on) AS shown_on FROM training_set
),
shown AS (
  SELECT training_set.offer_id, training_set.shown_on, training_set.historical_redemption_rate
  FROM training_set
  JOIN first_day
    ON first_day.shown_on = training_set.shown_on
  GROUP BY training_set.offer_id, training_set.shown_on, training_set.historical_redemption_rate
),
before AS (
  SELECT offer_id, SUM(impressions) AS impressions, SUM(redemptions) AS redemptions
  FROM (
    SELECT DATE(shown_at) AS happened_on, offer_id, 1 AS impressions, 0 AS redemptions FROM impressions
    UNION ALL
    SELECT DATE(redeemed_at), offer_id, 0, 1 FROM redemptions
  ) AS happened
  CROSS JOIN first_day
  WHERE happened_on < first_day.shown_on
    AND happened_on >= DATE_SUB(first_day.shown_on, INTERVAL @feature_window_days DAY)
  GROUP BY offer_id
),
everybody AS (
  SELECT COALESCE(SAFE_DIVIDE(SUM(redemptions), SUM(impressions)), 0) AS rate FROM before
),
judged AS (
  SELECT
    shown.offer_id,
    shown.shown_on,
    shown.historical_redemption_rate,
    LEAST(
      (COALESCE(before.redemptions, 0) + @rate_strength * everybody.rate)
        / (COALESCE(before.impressions, 0) + @rate_strength),
      1
    ) AS rate_before
  FROM shown
  CROSS JOIN everybody
  LEFT JOIN before
    ON before.offer_id = shown.offer_id
)
SELECT offer_id, shown_on, historical_redemption_rate, rate_before
FROM judged
WHERE ABS(historical_redemption_rate - rate_before) > 0.000001
