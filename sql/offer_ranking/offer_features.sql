-- One row per offer and feature day: its terms, and how often it had been redeemed by then.
--
-- Terms and prices are today's: offers do not change once they are announced, and there may be no catalog of the past.
-- Of an offer that comes more than once the terms are those of the period in which it is shown, the day after the
-- feature day: the newest that runs then, else the nearest.
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
terms AS (
  SELECT
    moments.offer_id,
    moments.feature_day,
    offers.item_id,
    offers.discount,
    offers.ends_on
  FROM moments
  JOIN offers
    ON offers.offer_id = moments.offer_id
  QUALIFY ROW_NUMBER() OVER (
    PARTITION BY moments.offer_id, moments.feature_day
    ORDER BY
      IF(offers.starts_on <= DATE_ADD(moments.feature_day, INTERVAL 1 DAY) AND offers.ends_on > moments.feature_day, 0, 1),
      IF(offers.starts_on <= DATE_ADD(moments.feature_day, INTERVAL 1 DAY), 0, 1),
      ABS(DATE_DIFF(offers.starts_on, moments.feature_day, DAY) - 1)
  ) = 1
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
  terms.offer_id,
  terms.feature_day,
  terms.item_id,
  COALESCE(catalog.category, 'unknown') AS category,
  terms.discount AS discount_depth,
  SAFE_DIVIDE(catalog.price * (1 - terms.discount) - catalog.cost, catalog.price) AS margin_impact,
  catalog.price * (1 - terms.discount) - catalog.cost AS unit_margin,
  DATE_DIFF(terms.ends_on, terms.feature_day, DAY) AS days_until_expiry,
  LEAST(
    (
      COALESCE(own.redemptions, 0)
      + @rate_strength * COALESCE(SAFE_DIVIDE(everybody.redemptions, everybody.impressions), 0)
    ) / (COALESCE(own.impressions, 0) + @rate_strength),
    1
  ) AS historical_redemption_rate,
  catalog.is_own_brand
FROM terms
LEFT JOIN catalog
  ON catalog.item_id = terms.item_id
LEFT JOIN own
  ON own.offer_id = terms.offer_id AND own.feature_day = terms.feature_day
LEFT JOIN everybody
  ON everybody.feature_day = terms.feature_day
