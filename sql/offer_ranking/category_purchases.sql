-- One row per customer, feature day and category: what the customer bought in the look-back window that ends with the
-- feature day. Features of customers and of interactions are both made from it, and this is the one large join.
-- look-back: customer_item_days @history_days
-- sorted: customer_item_days customer_id
WITH moments AS (
  SELECT DISTINCT customer_id, feature_day FROM feature_pairs
),
bought AS (
  SELECT
    customer_item_days.customer_id,
    customer_item_days.event_date,
    COALESCE(catalog.category, 'unknown') AS category,
    customer_item_days.lines,
    IF(catalog.price_tier = 2, customer_item_days.lines, 0) AS tier2_lines,
    IF(catalog.price_tier = 3, customer_item_days.lines, 0) AS tier3_lines,
    IF(catalog.is_fresh, customer_item_days.lines, 0) AS fresh_lines,
    IF(catalog.price > 0, customer_item_days.promo_cents, 0) AS promo_cents,
    CAST(ROUND(100 * COALESCE(catalog.price, 0) * customer_item_days.promo_units) AS INT64) AS promo_list_cents
  FROM customer_item_days
  LEFT JOIN catalog
    ON catalog.item_id = customer_item_days.item_id
)
SELECT
  @as_of AS as_of,
  moments.customer_id,
  moments.feature_day,
  bought.category,
  MAX(bought.event_date) AS last_on,
  SUM(bought.lines) AS lines,
  SUM(bought.tier2_lines) AS tier2_lines,
  SUM(bought.tier3_lines) AS tier3_lines,
  SUM(bought.fresh_lines) AS fresh_lines,
  SUM(bought.promo_cents) AS promo_cents,
  SUM(bought.promo_list_cents) AS promo_list_cents
FROM moments
JOIN bought
  ON bought.customer_id = moments.customer_id
  AND bought.event_date <= moments.feature_day
  AND bought.event_date > DATE_SUB(moments.feature_day, INTERVAL @feature_window_days DAY)
GROUP BY moments.customer_id, moments.feature_day, bought.category
