-- One row per day of the campaign window: whether its opens and clicks have all arrived, and whether what is said of
-- its messages is final. A day's messages are provisional while their attribution window is open, and when a day of
-- that window lags.
--
-- Opens and clicks are late at times; then orders look as if nobody had opened anything. A day lags when 20 messages or
-- more were sent on it, some of them more than @max_interaction_lag_hours before its end, and the newest open or click
-- trails the newest order or message by more than that; or when clearly more of its orders than in the 28 days before
-- it are without an open (by three standard errors, of at least 10 orders against 30). Of a company that does not provide
-- opens and clicks none is late.
WITH calendar AS (
  SELECT day
  FROM UNNEST(
    GENERATE_DATE_ARRAY(DATE_SUB(@as_of, INTERVAL @campaign_window_days - 1 DAY), @as_of, INTERVAL 1 DAY)
  ) AS day
  WHERE day >= @start_date
),
sent AS (
  SELECT sent_on AS day, COUNT(*) AS sends, MIN(sent_at) AS oldest_at, MAX(sent_at) AS newest_at
  FROM send_engagement
  WHERE status <> 'held_out'
  GROUP BY sent_on
),
happened AS (
  SELECT DATE(happened_at) AS day, COUNT(*) AS interactions, MAX(happened_at) AS newest_at
  FROM judged_interactions
  GROUP BY DATE(happened_at)
),
bought AS (
  SELECT
    ordered_on AS day,
    COUNTIF(send_id IS NOT NULL) AS orders,
    COUNTIF(path IN ('delivered', 'sent')) AS without_open,
    MAX(ordered_at) AS newest_at
  FROM campaign_orders
  GROUP BY ordered_on
),
joined AS (
  SELECT
    calendar.day,
    COALESCE(sent.sends, 0) AS sends,
    sent.oldest_at AS sent_at,
    COALESCE(happened.interactions, 0) AS interactions,
    COALESCE(bought.orders, 0) AS orders,
    COALESCE(bought.without_open, 0) AS without_open,
    GREATEST(COALESCE(sent.newest_at, bought.newest_at), COALESCE(bought.newest_at, sent.newest_at)) AS active_at,
    happened.newest_at AS interaction_at
  FROM calendar
  LEFT JOIN sent USING (day)
  LEFT JOIN happened USING (day)
  LEFT JOIN bought USING (day)
),
trailing AS (
  SELECT
    today.day,
    SUM(IF(earlier.day < today.day, earlier.orders, 0)) AS usual_orders,
    SUM(IF(earlier.day < today.day, earlier.without_open, 0)) AS usual_without_open,
    MAX(earlier.interaction_at) AS interaction_at
  FROM joined AS today
  JOIN joined AS earlier
    ON earlier.day BETWEEN DATE_SUB(today.day, INTERVAL 28 DAY) AND today.day
  GROUP BY today.day
),
judged AS (
  SELECT
    joined.*,
    SAFE_DIVIDE(joined.without_open, joined.orders) AS share,
    SAFE_DIVIDE(trailing.usual_without_open, trailing.usual_orders) AS usual,
    trailing.usual_orders,
    trailing.interaction_at AS newest_interaction_at,
    IF(
      joined.sends > 0, TIMESTAMP_DIFF(joined.active_at, trailing.interaction_at, MICROSECOND) / 3600000000, NULL
    ) AS lag_hours
  FROM joined
  JOIN trailing USING (day)
),
late AS (
  SELECT
    *,
    sends >= 20
      AND 'interactions' NOT IN UNNEST(@not_provided)
      AND TIMESTAMP_ADD(sent_at, INTERVAL @max_interaction_lag_hours HOUR) < TIMESTAMP(DATE_ADD(day, INTERVAL 1 DAY))
      AND COALESCE(lag_hours > @max_interaction_lag_hours, TRUE) AS trails,
    -- Where none of the usual orders was without an open, one might have been.
    COALESCE(
      orders >= 10
        AND 'interactions' NOT IN UNNEST(@not_provided)
        AND usual_orders >= 30
        AND share
        > usual + 3 * SQRT(SAFE_DIVIDE(GREATEST(usual, SAFE_DIVIDE(1, usual_orders)) * (1 - usual), orders)),
      FALSE
    ) AS unusual
  FROM judged
),
affected AS (
  SELECT today.day, MIN(IF(later.trails OR later.unusual, later.day, NULL)) AS lagging_day
  FROM late AS today
  JOIN late AS later
    ON later.day BETWEEN today.day AND DATE_ADD(today.day, INTERVAL @attribution_window_days DAY)
  GROUP BY today.day
)
SELECT
  @as_of AS as_of,
  late.day,
  late.sends,
  late.interactions,
  late.orders,
  late.without_open AS orders_without_open,
  late.share AS share_without_open,
  late.usual AS usual_share,
  late.active_at AS newest_activity_at,
  late.newest_interaction_at,
  late.lag_hours,
  late.trails OR late.unusual AS lagging,
  affected.lagging_day IS NOT NULL OR DATE_ADD(late.day, INTERVAL @attribution_window_days DAY) > @as_of AS provisional,
  CASE
    WHEN late.trails AND late.lag_hours IS NULL THEN 'no open or click has arrived'
    WHEN late.trails THEN 'opens and clicks trail orders and messages'
    WHEN late.unusual THEN 'unusually many orders without an open'
    WHEN affected.lagging_day IS NOT NULL
      THEN CONCAT('opens and clicks of ', CAST(affected.lagging_day AS STRING), ' are missing')
    WHEN DATE_ADD(late.day, INTERVAL @attribution_window_days DAY) > @as_of THEN 'orders may still come'
  END AS because
FROM late
JOIN affected USING (day)
