-- One row per customer and feature day: what the customer's purchases and redemptions in the look-back window that ends
-- with that day say. A customer without any has no ratios, which models tell apart from a ratio of zero.
-- look-back: customer_days @history_days
-- sorted: customer_days customer_id
-- look-back: customer_impression_days @history_days
-- look-back: redemptions @history_days
WITH moments AS (
  SELECT DISTINCT customer_id, feature_day FROM feature_pairs
),
spent AS (
  SELECT
    moments.customer_id,
    moments.feature_day,
    MAX(customer_days.event_date) AS last_on,
    SUM(customer_days.orders) AS orders,
    SUM(customer_days.business_orders) AS business_orders,
    SUM(customer_days.lines) AS lines,
    SUM(customer_days.promo_lines) AS promo_lines,
    SUM(customer_days.units) AS units,
    SUM(customer_days.spent_cents) AS spent_cents
  FROM moments
  JOIN customer_days
    ON customer_days.customer_id = moments.customer_id
    AND customer_days.event_date <= moments.feature_day
    AND customer_days.event_date > DATE_SUB(moments.feature_day, INTERVAL @feature_window_days DAY)
  GROUP BY moments.customer_id, moments.feature_day
),
spread AS (
  SELECT
    customer_id,
    feature_day,
    SUM(lines) AS lines,
    SUM(tier2_lines) AS tier2_lines,
    SUM(tier3_lines) AS tier3_lines,
    SUM(fresh_lines) AS fresh_lines,
    SUM(promo_cents) AS promo_cents,
    SUM(promo_list_cents) AS promo_list_cents,
    -- With n lines in a category and N in all, entropy is ln N - sum(n ln n) / N. The sum is of whole millionths, so
    -- that it is the same in whatever order rows are read.
    SUM(CAST(ROUND(1000000 * lines * LN(lines)) AS INT64)) AS millionths
  FROM category_purchases
  GROUP BY customer_id, feature_day
),
shown AS (
  SELECT moments.customer_id, moments.feature_day, SUM(customer_impression_days.impressions) AS impressions
  FROM moments
  JOIN customer_impression_days
    ON customer_impression_days.customer_id = moments.customer_id
    AND customer_impression_days.event_date <= moments.feature_day
    AND customer_impression_days.event_date > DATE_SUB(moments.feature_day, INTERVAL @feature_window_days DAY)
  GROUP BY moments.customer_id, moments.feature_day
),
redeemed AS (
  SELECT
    moments.customer_id,
    moments.feature_day,
    COUNT(*) AS redemptions,
    MAX(redemptions.event_date) AS last_on
  FROM moments
  JOIN redemptions
    ON redemptions.customer_id = moments.customer_id
    AND redemptions.event_date <= moments.feature_day
    AND redemptions.event_date > DATE_SUB(moments.feature_day, INTERVAL @feature_window_days DAY)
  GROUP BY moments.customer_id, moments.feature_day
),
everybody_days AS (
  SELECT event_date, SUM(impressions) AS impressions, 0 AS redemptions
  FROM customer_impression_days
  GROUP BY event_date
  UNION ALL
  SELECT event_date, 0, COUNT(*)
  FROM redemptions
  GROUP BY event_date
),
everybody AS (
  SELECT
    days.feature_day,
    SAFE_DIVIDE(SUM(everybody_days.redemptions), SUM(everybody_days.impressions)) AS rate
  FROM (SELECT DISTINCT feature_day FROM feature_pairs) AS days
  JOIN everybody_days
    ON everybody_days.event_date <= days.feature_day
    AND everybody_days.event_date > DATE_SUB(days.feature_day, INTERVAL @feature_window_days DAY)
  GROUP BY days.feature_day
)
SELECT
  @as_of AS as_of,
  moments.customer_id,
  moments.feature_day,
  customers.business_type,
  DATE_DIFF(moments.feature_day, spent.last_on, DAY) AS recency_days,
  COALESCE(spent.orders, 0) AS frequency,
  COALESCE(spent.spent_cents, 0) / 100 AS monetary,
  spent.promo_lines / spent.lines AS promo_affinity,
  spent.lines / spent.orders AS avg_basket_size,
  spent.units / spent.orders AS avg_basket_quantity,
  spread.tier2_lines / spread.lines AS tier2_purchase_ratio,
  spread.tier3_lines / spread.lines AS tier3_purchase_ratio,
  spread.fresh_lines / spread.lines AS fresh_category_ratio,
  spent.business_orders / spent.orders AS business_order_ratio,
  ROUND(GREATEST(LN(spread.lines) - spread.millionths / (1000000 * spread.lines), 0), 6) AS category_entropy,
  1 - SAFE_DIVIDE(spread.promo_cents, spread.promo_list_cents) AS usual_discount,
  COALESCE(shown.impressions, 0) AS offers_shown,
  COALESCE(redeemed.redemptions, 0) AS redemptions,
  LEAST(
    (COALESCE(redeemed.redemptions, 0) + @rate_strength * COALESCE(everybody.rate, 0))
      / (COALESCE(shown.impressions, 0) + @rate_strength),
    1
  ) AS redemption_rate,
  DATE_DIFF(moments.feature_day, redeemed.last_on, DAY) AS days_since_last_redemption
FROM moments
LEFT JOIN customers
  ON customers.customer_id = moments.customer_id
LEFT JOIN spent
  ON spent.customer_id = moments.customer_id AND spent.feature_day = moments.feature_day
LEFT JOIN spread
  ON spread.customer_id = moments.customer_id AND spread.feature_day = moments.feature_day
LEFT JOIN shown
  ON shown.customer_id = moments.customer_id AND shown.feature_day = moments.feature_day
LEFT JOIN redeemed
  ON redeemed.customer_id = moments.customer_id AND redeemed.feature_day = moments.feature_day
LEFT JOIN everybody
  ON everybody.feature_day = moments.feature_day
