-- The redemption rates that impressions are said to know, of the offer and of the customer, are those of the days before
-- they were shown, read from impressions and redemptions alone, for the first day on which they were shown, whose future
-- is the longest. A failure means that a rate counts the very redemptions that a model is to predict; or that a day's
-- impressions changed and its counts were not made again.
-- table: training_set
-- severity: error
-- look-back: impressions @history_days
-- look-back: redemptions @history_days
WITH first_day AS (
  SELECT MIN(shown_on) AS shown_on FROM training_set
),
shown AS (
  SELECT DISTINCT
    rates.about,
    IF(rates.about = 'offer', training_set.offer_id, training_set.customer_id) AS name,
    training_set.shown_on,
    IF(rates.about = 'offer', training_set.historical_redemption_rate, training_set.redemption_rate) AS rate
  FROM training_set
  JOIN first_day
    ON first_day.shown_on = training_set.shown_on
  CROSS JOIN (SELECT about FROM UNNEST(['offer', 'customer']) AS about) AS rates
),
before AS (
  SELECT
    rates.about,
    IF(rates.about = 'offer', happened.offer_id, happened.customer_id) AS name,
    SUM(happened.impressions) AS impressions,
    SUM(happened.redemptions) AS redemptions
  FROM (
    SELECT DATE(shown_at) AS happened_on, offer_id, customer_id, 1 AS impressions, 0 AS redemptions FROM impressions
    UNION ALL
    SELECT DATE(redeemed_at), offer_id, customer_id, 0, 1 FROM redemptions
  ) AS happened
  CROSS JOIN (SELECT about FROM UNNEST(['offer', 'customer']) AS about) AS rates
  CROSS JOIN first_day
  WHERE happened.happened_on < first_day.shown_on
    AND happened.happened_on >= DATE_SUB(first_day.shown_on, INTERVAL @feature_window_days DAY)
  GROUP BY rates.about, IF(rates.about = 'offer', happened.offer_id, happened.customer_id)
),
everybody AS (
  SELECT COALESCE(SAFE_DIVIDE(SUM(redemptions), SUM(impressions)), 0) AS rate FROM before WHERE about = 'offer'
),
judged AS (
  SELECT
    shown.about,
    shown.name,
    shown.shown_on,
    shown.rate,
    LEAST(
      (COALESCE(before.redemptions, 0) + @rate_strength * everybody.rate)
        / (COALESCE(before.impressions, 0) + @rate_strength),
      1
    ) AS rate_before
  FROM shown
  CROSS JOIN everybody
  LEFT JOIN before
    ON before.about = shown.about AND before.name = shown.name
)
SELECT about, name, shown_on, rate, rate_before
FROM judged
WHERE ABS(rate - rate_before) > 0.000001
