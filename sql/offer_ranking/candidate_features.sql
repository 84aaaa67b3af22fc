-- One row per candidate with its features as of the day: what the active model scores. They are the same features that
-- it was trained on, from the same tables.
SELECT
  @as_of AS as_of,
  offer_candidates.customer_id,
  offer_candidates.offer_id,
  offer_candidates.item_id,
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
FROM offer_candidates
JOIN interaction_features
  ON interaction_features.customer_id = offer_candidates.customer_id
  AND interaction_features.offer_id = offer_candidates.offer_id
  AND interaction_features.feature_day = @as_of
-- Both are there for every row of interaction_features. LEFT keeps the engine from joining them to each other by day.
LEFT JOIN customer_features
  ON customer_features.customer_id = offer_candidates.customer_id AND customer_features.feature_day = @as_of
LEFT JOIN offer_features
  ON offer_features.offer_id = offer_candidates.offer_id AND offer_features.feature_day = @as_of
