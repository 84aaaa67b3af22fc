-- One row per offer and feature day: its terms, and how often it, its category and its kind had been redeemed by then.
--
-- Terms are those on which it is shown the day after the feature day. They and prices are today's: offers do not change
-- once they are announced, and there may be no catalog of the past.
-- look-back: offer_days @history_days
WITH moments AS (
  SELECT DISTINCT offer_id, feature_day FROM feature_pairs
),
days AS (
  SELECT DISTINCT feature_day FROM feature_pairs
),
counted AS (
  SELECT
    offer_days.event_date,
    offer_days.offer_id,
    COALESCE(goods_on_offer.category, 'unknown') AS category,
    COALESCE(offer_periods.kind, 'unknown') AS kind,
    offer_days.impressions,
    offer_days.redemptions
  FROM offer_days
  LEFT JOIN offer_periods
    ON offer_periods.offer_id = offer_days.offer_id AND offer_periods.shown_on = offer_days.event_date
  LEFT JOIN goods_on_offer
    ON goods_on_offer.offer_id = offer_days.offer_id
),
-- By day first: of all that was shown on a day only so much is left.
alike_days AS (
  SELECT event_date, category, kind, SUM(impressions) AS impressions, SUM(redemptions) AS redemptions
  FROM counted
  GROUP BY event_date, category, kind
),
alike AS (
  SELECT
    days.feature_day,
    alike_days.category,
    alike_days.kind,
    SUM(alike_days.impressions) AS impressions,
    SUM(alike_days.redemptions) AS redemptions
  FROM days
  JOIN alike_days
    ON alike_days.event_date <= days.feature_day
    AND alike_days.event_date > DATE_SUB(days.feature_day, INTERVAL @feature_window_days DAY)
  GROUP BY days.feature_day, alike_days.category, alike_days.kind
),
everybody AS (
  SELECT feature_day, SAFE_DIVIDE(SUM(redemptions), SUM(impressions)) AS rate FROM alike GROUP BY feature_day
),
of_category AS (
  SELECT feature_day, category, SUM(impressions) AS impressions, SUM(redemptions) AS redemptions
  FROM alike
  GROUP BY feature_day, category
),
of_kind AS (
  SELECT feature_day, kind, SUM(impressions) AS impressions, SUM(redemptions) AS redemptions
  FROM alike
  GROUP BY feature_day, kind
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
),
terms AS (
  SELECT
    moments.offer_id,
    moments.feature_day,
    offer_periods.item_id,
    offer_periods.discount,
    offer_periods.ends_on,
    COALESCE(offer_periods.kind, 'unknown') AS kind,
    offer_periods.offers_in_campaign,
    COALESCE(goods_on_offer.category, 'unknown') AS category,
    COALESCE(goods_on_offer.items, 0) AS items,
    goods_on_offer.price,
    goods_on_offer.cost,
    goods_on_offer.is_own_brand
  FROM moments
  JOIN offer_periods
    ON offer_periods.offer_id = moments.offer_id
    AND offer_periods.shown_on = DATE_ADD(moments.feature_day, INTERVAL 1 DAY)
  LEFT JOIN goods_on_offer
    ON goods_on_offer.offer_id = moments.offer_id
)
SELECT
  @as_of AS as_of,
  terms.offer_id,
  terms.feature_day,
  terms.item_id,
  terms.category,
  terms.kind,
  terms.discount AS discount_depth,
  SAFE_DIVIDE(terms.price * (1 - terms.discount) - terms.cost, terms.price) AS margin_impact,
  terms.price * (1 - terms.discount) - terms.cost AS unit_margin,
  DATE_DIFF(terms.ends_on, terms.feature_day, DAY) AS days_until_expiry,
  terms.items AS items_on_offer,
  terms.offers_in_campaign,
  LEAST(
    (COALESCE(own.redemptions, 0) + @rate_strength * COALESCE(everybody.rate, 0))
      / (COALESCE(own.impressions, 0) + @rate_strength),
    1
  ) AS historical_redemption_rate,
  LEAST(
    (COALESCE(of_category.redemptions, 0) + @rate_strength * COALESCE(everybody.rate, 0))
      / (COALESCE(of_category.impressions, 0) + @rate_strength),
    1
  ) AS category_redemption_rate,
  LEAST(
    (COALESCE(of_kind.redemptions, 0) + @rate_strength * COALESCE(everybody.rate, 0))
      / (COALESCE(of_kind.impressions, 0) + @rate_strength),
    1
  ) AS kind_redemption_rate,
  terms.is_own_brand
FROM terms
LEFT JOIN own
  ON own.offer_id = terms.offer_id AND own.feature_day = terms.feature_day
LEFT JOIN everybody
  ON everybody.feature_day = terms.feature_day
LEFT JOIN of_category
  ON of_category.feature_day = terms.feature_day AND of_category.category = terms.category
LEFT JOIN of_kind
  ON of_kind.feature_day = terms.feature_day AND of_kind.kind = terms.kind
