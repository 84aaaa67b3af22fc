-- What impressions are said to know about their customers is what orders from before the day they were shown say, read
-- from events alone, for a sample of customers. A failure means that features know the day of the impression or later
-- ones, so that a model would learn from what it can never know; or that a day's events changed and its purchases were
-- not made again.
-- table: training_set
-- severity: error
-- look-back: events @history_days
WITH sampled AS (
  SELECT customer_id FROM training_set GROUP BY customer_id ORDER BY TO_HEX(MD5(customer_id)), customer_id LIMIT 20
),
shown AS (
  SELECT
    training_set.impression_id,
    training_set.customer_id,
    training_set.offer_id,
    training_set.category,
    training_set.shown_on,
    training_set.recency_days,
    training_set.frequency,
    training_set.monetary,
    training_set.fresh_category_ratio,
    training_set.category_affinity_score,
    training_set.bought_product_before
  FROM training_set
  JOIN sampled
    ON sampled.customer_id = training_set.customer_id
),
before AS (
  SELECT
    shown.impression_id,
    DATE_DIFF(DATE_SUB(MIN(shown.shown_on), INTERVAL 1 DAY), MAX(DATE(events.event_ts)), DAY) AS recency_days,
    COUNT(DISTINCT CONCAT(CAST(DATE(events.event_ts) AS STRING), ' ', COALESCE(events.order_id, events.event_id)))
      AS frequency,
    SUM(COALESCE(events.quantity, 1) * COALESCE(events.unit_price, 0)) AS monetary,
    SAFE_DIVIDE(COUNT(IF(catalog.is_fresh, 1, NULL)), COUNT(events.item_id)) AS fresh_category_ratio,
    SAFE_DIVIDE(
      COUNT(IF(COALESCE(catalog.category, 'unknown') = shown.category, events.item_id, NULL)), COUNT(events.item_id)
    ) AS category_affinity_score,
    COUNT(offered_items.item_id) > 0 AS bought_product_before
  FROM shown
  JOIN events
    ON events.customer_id = shown.customer_id
    AND events.event_name = 'order_line'
    AND DATE(events.event_ts) < shown.shown_on
    AND DATE(events.event_ts) >= DATE_SUB(shown.shown_on, INTERVAL @feature_window_days DAY)
  LEFT JOIN catalog
    ON catalog.item_id = events.item_id
  LEFT JOIN offered_items
    ON offered_items.offer_id = shown.offer_id AND offered_items.item_id = events.item_id
  GROUP BY shown.impression_id
)
SELECT
  shown.impression_id,
  shown.shown_on,
  shown.recency_days,
  before.recency_days AS recency_days_before,
  shown.frequency,
  before.frequency AS frequency_before
FROM shown
LEFT JOIN before
  ON before.impression_id = shown.impression_id
WHERE shown.frequency <> COALESCE(before.frequency, 0)
  OR COALESCE(shown.recency_days, -1) <> COALESCE(before.recency_days, -1)
  -- Both are sums of cents; the events' are not rounded.
  OR ABS(shown.monetary - COALESCE(before.monetary, 0)) > 0.01 * (1 + shown.frequency)
  OR ABS(COALESCE(shown.fresh_category_ratio, -1) - COALESCE(before.fresh_category_ratio, -1)) > 0.000001
  OR ABS(COALESCE(shown.category_affinity_score, -1) - COALESCE(before.category_affinity_score, -1)) > 0.000001
  OR shown.bought_product_before <> COALESCE(before.bought_product_before, FALSE)
