-- One row per customer, offer and feature day: what the customer's past says about this very offer.
-- look-back: customer_item_days @history_days
WITH offered AS (
  SELECT DISTINCT offer_id, item_id FROM offer_features
),
-- Few purchases are of items on offer, so this is small, whatever the number of pairs.
bought_before AS (
  SELECT DISTINCT feature_pairs.customer_id, feature_pairs.offer_id, feature_pairs.feature_day
  FROM customer_item_days
  JOIN offered
    ON offered.item_id = customer_item_days.item_id
  JOIN feature_pairs
    ON feature_pairs.customer_id = customer_item_days.customer_id
    AND feature_pairs.offer_id = offered.offer_id
    AND customer_item_days.event_date <= feature_pairs.feature_day
    AND customer_item_days.event_date > DATE_SUB(feature_pairs.feature_day, INTERVAL @feature_window_days DAY)
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
  DATE_DIFF(feature_pairs.feature_day, category_purchases.last_on, DAY) AS days_since_last_cat_purchase,
  COALESCE(category_purchases.lines, 0) / totals.lines AS category_affinity_score,
  offer_features.discount_depth - customer_features.usual_discount AS discount_depth_vs_usual,
  -- Half off and more is all that a discount can say.
  1 - ABS(
    customer_features.promo_affinity
    - IF(offer_features.discount_depth > 0.5, 1, 2 * offer_features.discount_depth)
  ) AS price_sensitivity_match,
  matches.business_type_match
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
