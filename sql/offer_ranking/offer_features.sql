-- One row per offer and feature day: its terms, and how often it had been redeemed by then.
--
-- Terms and prices are today's: offers do not change once they are announced, and there may be no catalog of the past.
-- look-back: offer_days @history_days
WITH moments AS (
  SELECT DISTINCT offer_id, feature_day FROM feature_pairs
),
days AS (
  SELECT DISTINCT feature_day FROM feature_pairs
),
everybody AS (
  SELECT days.feature_day, SUM(offer_days.impressions) AS impressions, SUM(offer_days.redemptions) AS redemptions
  FROM days
  JOIN offer_days
    ON offer_days.event_date <= days.feature_day
    AND offer_days.event_date > DATE_SUB(days.feature_day, INTERVAL @feature_window_days DAY)
  GROUP BY days.feature_day
),
own AS (
  SELECT
    moments.offer_id,
    moments.feature_day,
    SUM(offer_days.impressions) AS impressions,
    SUM(offer_days.redemptions) AS redemptions
  FROM moments
  JOIN offer_days
    ON offer_days.offer_id = moments.offer_id
    AND offer_days.event_date <= moments.feature_day
    AND offer_days.event_date > DATE_SUB(moments.feature_day, INTERVAL @feature_window_days DAY)
  GROUP BY moments.offer_id, moments.feature_day
)
SELECT
  @as_of AS as_of,
  moments.offer_id,
  moments.feature_day,
  offers.item_id,
  COALESCE(catalog.category, 'unknown') AS category,
  offers.discount AS discount_depth,
  SAFE_DIVIDE(catalog.price * (1 - offers.discount) - catalog.cost, catalog.price) AS margin_impact,
  catalog.price * (1 - offers.discount) - catalog.cost AS unit_margin,
  DATE_DIFF(offers.ends_on, moments.feature_day, DAY) AS days_until_expiry,
  LEAST(
    (
      COALESCE(own.redemptions, 0)
      + @rate_strength * COALESCE(SAFE_DIVIDE(everybody.redemptions, everybody.impressions), 0)
    ) / (COALESCE(own.impressions, 0) + @rate_strength),
    1
  ) AS historical_redemption_rate,
  catalog.is_own_brand
FROM moments
JOIN offers
  ON offers.offer_id = moments.offer_id
LEFT JOIN catalog
  ON catalog.item_id = offers.item_id
LEFT JOIN own
  ON own.offer_id = moments.offer_id AND own.feature_day = moments.feature_day
LEFT JOIN everybody
  ON everybody.feature_day = moments.feature_day
