-- What impressions are said to know about their customers' redemptions, and about purchases of the offers' items, is
-- what happened before the day they were shown, read from events, impressions and redemptions alone, for a sample of
-- customers. A failure means that features know the very redemptions that a model is to predict; or that a day's
-- impressions changed and its counts were not made again.
-- table: training_set
-- severity: error
-- look-back: events @history_days
-- look-back: impressions @history_days
-- look-back: redemptions @history_days
WITH sampled AS (
  SELECT customer_id FROM training_set GROUP BY customer_id ORDER BY TO_HEX(MD5(customer_id)), customer_id LIMIT 20
),
shown AS (
  SELECT
    training_set.impression_id,
    training_set.customer_id,
    training_set.offer_id,
    training_set.shown_on,
    training_set.offers_shown,
    training_set.redemptions,
    training_set.days_since_last_redemption,
    training_set.items_bought,
    training_set.days_since_last_item_purchase,
    training_set.times_shown,
    training_set.times_redeemed
  FROM training_set
  JOIN sampled
    ON sampled.customer_id = training_set.customer_id
),
shown_before AS (
  SELECT
    shown.impression_id,
    COUNT(*) AS offers_shown,
    COUNT(IF(impressions.offer_id = shown.offer_id, 1, NULL)) AS times_shown
  FROM shown
  JOIN impressions
    ON impressions.customer_id = shown.customer_id
    AND DATE(impressions.shown_at) < shown.shown_on
    AND DATE(impressions.shown_at) >= DATE_SUB(shown.shown_on, INTERVAL @feature_window_days DAY)
  GROUP BY shown.impression_id
),
redeemed_before AS (
  SELECT
    shown.impression_id,
    COUNT(*) AS redemptions,
    COUNT(IF(redemptions.offer_id = shown.offer_id, 1, NULL)) AS times_redeemed,
    DATE_DIFF(MIN(shown.shown_on), MAX(DATE(redemptions.redeemed_at)), DAY) - 1 AS days_since_last_redemption
  FROM shown
  JOIN redemptions
    ON redemptions.customer_id = shown.customer_id
    AND DATE(redemptions.redeemed_at) < shown.shown_on
    AND DATE(redemptions.redeemed_at) >= DATE_SUB(shown.shown_on, INTERVAL @feature_window_days DAY)
  GROUP BY shown.impression_id
),
bought_before AS (
  SELECT
    shown.impression_id,
    COUNT(DISTINCT events.item_id) AS items_bought,
    DATE_DIFF(MIN(shown.shown_on), MAX(DATE(events.event_ts)), DAY) - 1 AS days_since_last_item_purchase
  FROM shown
  JOIN offered_items
    ON offered_items.offer_id = shown.offer_id
  JOIN events
    ON events.customer_id = shown.customer_id
    AND events.item_id = offered_items.item_id
    AND events.event_name = 'order_line'
    AND DATE(events.event_ts) < shown.shown_on
    AND DATE(events.event_ts) >= DATE_SUB(shown.shown_on, INTERVAL @feature_window_days DAY)
  GROUP BY shown.impression_id
)
SELECT
  shown.impression_id,
  shown.shown_on,
  shown.redemptions,
  redeemed_before.redemptions AS redemptions_before,
  shown.times_shown,
  shown_before.times_shown AS times_shown_before,
  shown.items_bought,
  bought_before.items_bought AS items_bought_before
FROM shown
LEFT JOIN shown_before
  ON shown_before.impression_id = shown.impression_id
LEFT JOIN redeemed_before
  ON redeemed_before.impression_id = shown.impression_id
LEFT JOIN bought_before
  ON bought_before.impression_id = shown.impression_id
WHERE shown.offers_shown <> COALESCE(shown_before.offers_shown, 0)
  OR shown.times_shown <> COALESCE(shown_before.times_shown, 0)
  OR shown.redemptions <> COALESCE(redeemed_before.redemptions, 0)
  OR shown.times_redeemed <> COALESCE(redeemed_before.times_redeemed, 0)
  OR COALESCE(shown.days_since_last_redemption, -1) <> COALESCE(redeemed_before.days_since_last_redemption, -1)
  OR shown.items_bought <> COALESCE(bought_before.items_bought, 0)
  OR COALESCE(shown.days_since_last_item_purchase, -1) <> COALESCE(bought_before.days_since_last_item_purchase, -1)
