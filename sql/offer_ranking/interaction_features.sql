-- One row per customer, offer and feature day: what the customer's past says about this very offer.
-- look-back: customer_item_days @history_days
-- look-back: redemptions @history_days
-- look-back: impressions @history_days
WITH bought_days AS (
  SELECT
    customer_item_days.customer_id,
    offered_items.offer_id,
    customer_item_days.event_date,
    customer_item_days.item_id,
    customer_item_days.lines
  FROM customer_item_days
  -- LEFT keeps the engine from joining the items of an offer to all who are paired with it: sixty times as many rows.
  LEFT JOIN offered_items
    ON offered_items.item_id = customer_item_days.item_id
),
bought_before AS (
  SELECT
    feature_pairs.customer_id,
    feature_pairs.offer_id,
    feature_pairs.feature_day,
    MAX(bought_days.event_date) AS last_on,
    COUNT(DISTINCT bought_days.item_id) AS items,
    COUNT(DISTINCT bought_days.event_date) AS days,
    SUM(bought_days.lines) AS lines
  FROM feature_pairs
  JOIN bought_days
    ON bought_days.customer_id = feature_pairs.customer_id
    AND bought_days.offer_id = feature_pairs.offer_id
    AND bought_days.event_date <= feature_pairs.feature_day
    AND bought_days.event_date > DATE_SUB(feature_pairs.feature_day, INTERVAL @feature_window_days DAY)
  GROUP BY feature_pairs.customer_id, feature_pairs.offer_id, feature_pairs.feature_day
),
shown_before AS (
  SELECT feature_pairs.customer_id, feature_pairs.offer_id, feature_pairs.feature_day, COUNT(*) AS times
  FROM feature_pairs
  JOIN impressions
    ON impressions.customer_id = feature_pairs.customer_id
    AND impressions.offer_id = feature_pairs.offer_id
    AND impressions.event_date <= feature_pairs.feature_day
    AND impressions.event_date > DATE_SUB(feature_pairs.feature_day, INTERVAL @feature_window_days DAY)
  GROUP BY feature_pairs.customer_id, feature_pairs.offer_id, feature_pairs.feature_day
),
-- Redemptions are few, and most customers have none.
redeemed AS (
  SELECT
    moments.customer_id,
    moments.feature_day,
    redemptions.offer_id,
    COALESCE(goods_on_offer.category, 'unknown') AS category,
    COALESCE(offer_periods.kind, 'unknown') AS kind,
    COUNT(*) AS times
  FROM (SELECT DISTINCT customer_id, feature_day FROM feature_pairs) AS moments
  JOIN redemptions
    ON redemptions.customer_id = moments.customer_id
    AND redemptions.event_date <= moments.feature_day
    AND redemptions.event_date > DATE_SUB(moments.feature_day, INTERVAL @feature_window_days DAY)
  LEFT JOIN offer_periods
    ON offer_periods.offer_id = redemptions.offer_id AND offer_periods.shown_on = redemptions.event_date
  LEFT JOIN goods_on_offer
    ON goods_on_offer.offer_id = redemptions.offer_id
  GROUP BY
    moments.customer_id, moments.feature_day, redemptions.offer_id, COALESCE(goods_on_offer.category, 'unknown'),
    COALESCE(offer_periods.kind, 'unknown')
),
redeemed_offer AS (
  SELECT customer_id, feature_day, offer_id, SUM(times) AS times FROM redeemed GROUP BY customer_id, feature_day, offer_id
),
redeemed_category AS (
  SELECT customer_id, feature_day, category, SUM(times) AS times FROM redeemed GROUP BY customer_id, feature_day, category
),
redeemed_kind AS (
  SELECT customer_id, feature_day, kind, SUM(times) AS times FROM redeemed GROUP BY customer_id, feature_day, kind
),
totals AS (
  SELECT customer_id, feature_day, SUM(lines) AS lines
  FROM category_purchases
  GROUP BY customer_id, feature_day
),
kind_days AS (
  SELECT
    customer_item_days.event_date,
    customers.business_type,
    COALESCE(catalog.category, 'unknown') AS category,
    SUM(customer_item_days.lines) AS lines
  FROM customer_item_days
  JOIN customers
    ON customers.customer_id = customer_item_days.customer_id
  LEFT JOIN catalog
    ON catalog.item_id = customer_item_days.item_id
  WHERE customers.business_type IS NOT NULL
  GROUP BY customer_item_days.event_date, customers.business_type, COALESCE(catalog.category, 'unknown')
),
kinds AS (
  SELECT days.feature_day, kind_days.business_type, kind_days.category, SUM(kind_days.lines) AS lines
  FROM (SELECT DISTINCT feature_day FROM feature_pairs) AS days
  JOIN kind_days
    ON kind_days.event_date <= days.feature_day
    AND kind_days.event_date > DATE_SUB(days.feature_day, INTERVAL @feature_window_days DAY)
  GROUP BY days.feature_day, kind_days.business_type, kind_days.category
),
of_kind AS (
  SELECT feature_day, business_type, SUM(lines) AS lines FROM kinds GROUP BY feature_day, business_type
),
of_category AS (
  SELECT feature_day, category, SUM(lines) AS lines FROM kinds GROUP BY feature_day, category
),
of_day AS (
  SELECT feature_day, SUM(lines) AS lines FROM kinds GROUP BY feature_day
),
matches AS (
  SELECT
    of_kind.feature_day,
    of_kind.business_type,
    of_category.category,
    SAFE_DIVIDE(COALESCE(kinds.lines, 0) / of_kind.lines, of_category.lines / of_day.lines) AS business_type_match
  FROM of_kind
  JOIN of_category
    ON of_category.feature_day = of_kind.feature_day
  JOIN of_day
    ON of_day.feature_day = of_kind.feature_day
  LEFT JOIN kinds
    ON kinds.feature_day = of_kind.feature_day
    AND kinds.business_type = of_kind.business_type
    AND kinds.category = of_category.category
)
SELECT
  @as_of AS as_of,
  feature_pairs.customer_id,
  feature_pairs.offer_id,
  feature_pairs.feature_day,
  bought_before.offer_id IS NOT NULL AS bought_product_before,
  COALESCE(bought_before.items, 0) AS items_bought,
  COALESCE(bought_before.days, 0) AS item_purchase_days,
  DATE_DIFF(feature_pairs.feature_day, bought_before.last_on, DAY) AS days_since_last_item_purchase,
  COALESCE(bought_before.lines, 0) / totals.lines AS item_affinity_score,
  DATE_DIFF(feature_pairs.feature_day, category_purchases.last_on, DAY) AS days_since_last_cat_purchase,
  COALESCE(category_purchases.lines, 0) / totals.lines AS category_affinity_score,
  offer_features.discount_depth - customer_features.usual_discount AS discount_depth_vs_usual,
  -- Half off and more is all that a discount can say.
  1 - ABS(
    customer_features.promo_affinity
    - IF(offer_features.discount_depth > 0.5, 1, 2 * offer_features.discount_depth)
  ) AS price_sensitivity_match,
  matches.business_type_match,
  COALESCE(shown_before.times, 0) AS times_shown,
  COALESCE(redeemed_offer.times, 0) AS times_redeemed,
  COALESCE(redeemed_category.times, 0) AS redemptions_in_category,
  COALESCE(redeemed_kind.times, 0) AS redemptions_of_kind
FROM feature_pairs
JOIN offer_features
  ON offer_features.offer_id = feature_pairs.offer_id AND offer_features.feature_day = feature_pairs.feature_day
LEFT JOIN customer_features
  ON customer_features.customer_id = feature_pairs.customer_id
  AND customer_features.feature_day = feature_pairs.feature_day
LEFT JOIN bought_before
  ON bought_before.customer_id = feature_pairs.customer_id
  AND bought_before.offer_id = feature_pairs.offer_id
  AND bought_before.feature_day = feature_pairs.feature_day
LEFT JOIN totals
  ON totals.customer_id = feature_pairs.customer_id AND totals.feature_day = feature_pairs.feature_day
LEFT JOIN category_purchases
  ON category_purchases.customer_id = feature_pairs.customer_id
  AND category_purchases.feature_day = feature_pairs.feature_day
  AND category_purchases.category = offer_features.category
LEFT JOIN matches
  ON matches.feature_day = feature_pairs.feature_day
  AND matches.business_type = customer_features.business_type
  AND matches.category = offer_features.category
LEFT JOIN shown_before
  ON shown_before.customer_id = feature_pairs.customer_id
  AND shown_before.offer_id = feature_pairs.offer_id
  AND shown_before.feature_day = feature_pairs.feature_day
LEFT JOIN redeemed_offer
  ON redeemed_offer.customer_id = feature_pairs.customer_id
  AND redeemed_offer.offer_id = feature_pairs.offer_id
  AND redeemed_offer.feature_day = feature_pairs.feature_day
LEFT JOIN redeemed_category
  ON redeemed_category.customer_id = feature_pairs.customer_id
  AND redeemed_category.category = offer_features.category
  AND redeemed_category.feature_day = feature_pairs.feature_day
LEFT JOIN redeemed_kind
  ON redeemed_kind.customer_id = feature_pairs.customer_id
  AND redeemed_kind.kind = offer_features.kind
  AND redeemed_kind.feature_day = feature_pairs.feature_day
