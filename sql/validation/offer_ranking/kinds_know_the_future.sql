-- How well a category suits a kind of business is what orders from before the day of an impression say, read from
-- events alone, for the first day on which impressions were shown, whose future is the longest. A failure means that
-- the match knows the day itself or later ones.
-- table: training_set
-- severity: error
-- look-back: events @history_days
WITH first_day AS (
  SELECT MIN(shown_on) AS shown_on FROM training_set
),
shown AS (
  SELECT training_set.business_type, training_set.category, training_set.shown_on, training_set.business_type_match
  FROM training_set
  JOIN first_day
    ON first_day.shown_on = training_set.shown_on
  GROUP BY
    training_set.business_type, training_set.category, training_set.shown_on, training_set.business_type_match
),
before AS (
  SELECT customers.business_type, COALESCE(catalog.category, 'unknown') AS category, COUNT(*) AS lines
  FROM events
  CROSS JOIN first_day
  JOIN customers
    ON customers.customer_id = events.customer_id
  LEFT JOIN catalog
    ON catalog.item_id = events.item_id
  WHERE events.event_name = 'order_line'
    AND events.item_id IS NOT NULL
    AND customers.business_type IS NOT NULL
    AND DATE(events.event_ts) < first_day.shown_on
    AND DATE(events.event_ts) >= DATE_SUB(first_day.shown_on, INTERVAL @feature_window_days DAY)
  GROUP BY customers.business_type, COALESCE(catalog.category, 'unknown')
),
counted AS (
  SELECT
    shown.business_type,
    shown.category,
    shown.shown_on,
    shown.business_type_match,
    SUM(before.lines) AS lines,
    SUM(IF(before.category = shown.category, before.lines, 0)) AS of_category,
    SUM(IF(before.business_type = shown.business_type, before.lines, 0)) AS of_kind,
    SUM(
      IF(before.category = shown.category AND before.business_type = shown.business_type, before.lines, 0)
    ) AS of_both
  FROM shown
  LEFT JOIN before
    ON TRUE
  GROUP BY shown.business_type, shown.category, shown.shown_on, shown.business_type_match
),
judged AS (
  SELECT
    business_type,
    category,
    shown_on,
    business_type_match,
    SAFE_DIVIDE(of_both * lines, of_kind * of_category) AS match_before
  FROM counted
)
SELECT business_type, category, shown_on, business_type_match, match_before
FROM judged
WHERE ABS(COALESCE(business_type_match, -1) - COALESCE(match_before, -1)) > 0.000001
