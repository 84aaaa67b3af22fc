-- An impression is labeled once its label days are over, or its offer has ended where that counts, and not before, its label is whether the customer redeemed the
-- offer by then, and its day is the one on which it was shown; judged for a sample of customers. A failure means
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
waiting AS (
  SELECT
    shown.impression_id,
    shown.customer_id,
    shown.offer_id,
    shown.shown_at,
    MIN(
      IF(
        @label_until = 'offer_end' AND offer_periods.ends_on IS NOT NULL,
        LEAST(
          TIMESTAMP(DATE_ADD(offer_periods.ends_on, INTERVAL 1 DAY)),
          TIMESTAMP_ADD(shown.shown_at, INTERVAL 24 * @label_days HOUR)
        ),
        TIMESTAMP_ADD(shown.shown_at, INTERVAL 24 * @label_days HOUR)
      )
    ) AS until
  FROM shown
  LEFT JOIN offer_periods
    ON offer_periods.offer_id = shown.offer_id AND offer_periods.shown_on = DATE(shown.shown_at)
  GROUP BY shown.impression_id, shown.customer_id, shown.offer_id, shown.shown_at
),
outcomes AS (
  SELECT
    shown.impression_id,
    shown.shown_at,
    -- The last moment that counts is known when the day is over; that of an ended offer is the day's own end.
    IF(
      shown.until < TIMESTAMP(DATE_ADD(@as_of, INTERVAL 1 DAY))
      OR (@label_until = 'offer_end' AND shown.until = TIMESTAMP(DATE_ADD(@as_of, INTERVAL 1 DAY))),
      LEAST(COUNT(redemptions.order_id), 1),
      NULL
    ) AS redeemed
  FROM waiting AS shown
  LEFT JOIN redemptions
    ON redemptions.customer_id = shown.customer_id
    AND redemptions.offer_id = shown.offer_id
    AND redemptions.redeemed_at >= shown.shown_at
    AND redemptions.redeemed_at < shown.until
  GROUP BY shown.impression_id, shown.shown_at, shown.until
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
