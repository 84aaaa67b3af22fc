-- An impression is labeled once its label days are over and not before, its label is whether the customer redeemed the
-- offer within them, and its day is the one on which it was shown; judged for a sample of customers. A failure means
-- that a model would learn that what nobody had time to redeem was not wanted.
-- table: training_set
-- severity: error
-- look-back: impressions @training_window_days
-- look-back: redemptions @training_window_days
WITH sampled AS (
  SELECT customer_id FROM training_set GROUP BY customer_id ORDER BY TO_HEX(MD5(customer_id)), customer_id LIMIT 50
),
shown AS (
  -- One that two days report was shown on the first.
  SELECT impression_id, customer_id, offer_id, MIN(shown_at) AS shown_at
  FROM impressions
  WHERE customer_id IN (SELECT customer_id FROM sampled)
  GROUP BY impression_id, customer_id, offer_id
),
outcomes AS (
  SELECT
    shown.impression_id,
    shown.shown_at,
    -- The last moment that counts is known when the day is over.
    IF(
      TIMESTAMP_ADD(shown.shown_at, INTERVAL 24 * @label_days HOUR) < TIMESTAMP(DATE_ADD(@as_of, INTERVAL 1 DAY)),
      LEAST(COUNT(redemptions.order_id), 1),
      NULL
    ) AS redeemed
  FROM shown
  LEFT JOIN redemptions
    ON redemptions.customer_id = shown.customer_id
    AND redemptions.offer_id = shown.offer_id
    AND redemptions.redeemed_at >= shown.shown_at
    AND redemptions.redeemed_at < TIMESTAMP_ADD(shown.shown_at, INTERVAL 24 * @label_days HOUR)
  GROUP BY shown.impression_id, shown.shown_at
)
SELECT training_set.impression_id, training_set.shown_on, outcomes.shown_at, training_set.label, outcomes.redeemed
FROM training_set
JOIN sampled
  ON sampled.customer_id = training_set.customer_id
LEFT JOIN outcomes
  ON outcomes.impression_id = training_set.impression_id
WHERE outcomes.impression_id IS NULL
  OR training_set.shown_on <> DATE(outcomes.shown_at)
  OR COALESCE(training_set.label, -1) <> COALESCE(outcomes.redeemed, -1)
