-- One row per impression: what was known the day before it was shown, and whether the customer redeemed the offer
-- within the label days after it, or, if @label_until says so, until the offer's end when that is earlier. Until then
-- there is no label: that yesterday's impression has not been redeemed yet says nothing.
--
-- Only what the features of its own feature day say may stand here; a check looks for the future.
-- look-back: impressions @training_window_days
-- look-back: redemptions @training_window_days
WITH shown AS (
  SELECT
    impression_id,
    customer_id,
    offer_id,
    shown_at,
    event_date AS shown_on,
    DATE_SUB(event_date, INTERVAL 1 DAY) AS feature_day
  FROM impressions
  -- One that two days report was shown on the first.
  QUALIFY ROW_NUMBER() OVER (PARTITION BY impression_id ORDER BY shown_at, customer_id, offer_id) = 1
),
-- Offers whose end comes before the label days are over, where that ends the wait.
ending AS (
  SELECT offer_id, shown_on, ends_on
  FROM offer_periods
  WHERE @label_until = 'offer_end' AND ends_on < DATE_ADD(shown_on, INTERVAL @label_days DAY)
),
outcomes AS (
  SELECT
    shown.impression_id,
    COALESCE(ending.ends_on, DATE_ADD(shown.shown_on, INTERVAL @label_days DAY)) AS final_on,
    COALESCE(
      TIMESTAMP(DATE_ADD(ending.ends_on, INTERVAL 1 DAY)), TIMESTAMP_ADD(shown.shown_at, INTERVAL @label_days DAY)
    ) AS counts_until
  FROM shown
  LEFT JOIN ending
    ON ending.offer_id = shown.offer_id AND ending.shown_on = shown.shown_on
),
redeemed AS (
  SELECT DISTINCT shown.impression_id
  FROM shown
  JOIN outcomes
    ON outcomes.impression_id = shown.impression_id
  JOIN redemptions
    ON redemptions.customer_id = shown.customer_id
    AND redemptions.offer_id = shown.offer_id
    AND redemptions.redeemed_at >= shown.shown_at
    AND redemptions.redeemed_at < outcomes.counts_until
)
SELECT
  @as_of AS as_of,
  shown.impression_id,
  shown.customer_id,
  shown.offer_id,
  offer_features.item_id,
  shown.shown_on,
  shown.feature_day,
  CASE
    WHEN outcomes.final_on > @as_of THEN NULL
    WHEN redeemed.impression_id IS NULL THEN 0
    ELSE 1
  END AS label,
  offer_features.unit_margin,
  customer_features.business_type,
  customer_features.recency_days,
  customer_features.frequency,
  customer_features.monetary,
  customer_features.promo_affinity,
  customer_features.avg_basket_size,
  customer_features.avg_basket_quantity,
  customer_features.tier2_purchase_ratio,
  customer_features.tier3_purchase_ratio,
  customer_features.fresh_category_ratio,
  customer_features.business_order_ratio,
  customer_features.category_entropy,
  customer_features.offers_shown,
  customer_features.redemptions,
  customer_features.redemption_rate,
  customer_features.days_since_last_redemption,
  offer_features.category,
  offer_features.discount_depth,
  offer_features.margin_impact,
  offer_features.days_until_expiry,
  offer_features.historical_redemption_rate,
  offer_features.is_own_brand,
  offer_features.kind,
  offer_features.items_on_offer,
  offer_features.offers_in_campaign,
  offer_features.category_redemption_rate,
  offer_features.kind_redemption_rate,
  interaction_features.bought_product_before,
  interaction_features.days_since_last_cat_purchase,
  interaction_features.category_affinity_score,
  interaction_features.discount_depth_vs_usual,
  interaction_features.price_sensitivity_match,
  interaction_features.business_type_match,
  interaction_features.items_bought,
  interaction_features.item_purchase_days,
  interaction_features.days_since_last_item_purchase,
  interaction_features.item_affinity_score,
  interaction_features.times_shown,
  interaction_features.times_redeemed,
  interaction_features.redemptions_in_category,
  interaction_features.redemptions_of_kind
FROM shown
JOIN outcomes
  ON outcomes.impression_id = shown.impression_id
JOIN interaction_features
  ON interaction_features.customer_id = shown.customer_id
  AND interaction_features.offer_id = shown.offer_id
  AND interaction_features.feature_day = shown.feature_day
-- Both are there for every row of interaction_features. LEFT keeps the engine from joining them to each other by day.
LEFT JOIN customer_features
  ON customer_features.customer_id = shown.customer_id AND customer_features.feature_day = shown.feature_day
LEFT JOIN offer_features
  ON offer_features.offer_id = shown.offer_id AND offer_features.feature_day = shown.feature_day
LEFT JOIN redeemed
  ON redeemed.impression_id = shown.impression_id
