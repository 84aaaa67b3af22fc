-- One row when an offer is a candidate of a customer: every feature that the model looks at.
-- given: @customer, @offer
SELECT
  customer_id,
  offer_id,
  item_id,
  business_type,
  recency_days,
  frequency,
  monetary,
  promo_affinity,
  avg_basket_size,
  avg_basket_quantity,
  tier2_purchase_ratio,
  tier3_purchase_ratio,
  fresh_category_ratio,
  business_order_ratio,
  category_entropy,
  category,
  discount_depth,
  margin_impact,
  days_until_expiry,
  historical_redemption_rate,
  is_own_brand,
  bought_product_before,
  days_since_last_cat_purchase,
  category_affinity_score,
  discount_depth_vs_usual,
  price_sensitivity_match,
  business_type_match
FROM candidate_features
WHERE customer_id = @customer AND offer_id = @offer
