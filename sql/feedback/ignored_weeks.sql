-- One row per customer, recommendation and week in which it was shown, back to where it was clicked, bought or not shown
-- for long.
--
-- Shown is what a shop says was shown: an answer that nobody looked at is ignored by nobody. Weeks are sevens of days
-- back from the day, so that a day sees what was known on it. A click or a purchase begins it anew, and so do
-- @ignored_forgotten_weeks in which it was not shown. No row where nothing steps back.
-- look-back: recommendation_feedback @feedback_window_days at most
WITH welcomed AS (
  SELECT customer_id, item_id, MAX(DATE(happened_at)) AS last_on
  FROM recommendation_feedback
  WHERE reaction IN ('clicked', 'bought')
  GROUP BY customer_id, item_id
),
shown_days AS (
  SELECT
    customer_id,
    item_id,
    DATE(happened_at) AS shown_on,
    DIV(DATE_DIFF(@as_of, DATE(happened_at), DAY), 7) AS weeks_ago
  FROM recommendation_feedback
  WHERE reaction = 'shown'
    AND DATE(happened_at) > DATE_SUB(@as_of, INTERVAL @feedback_window_days DAY)
),
shown_weeks AS (
  SELECT
    shown_days.customer_id,
    shown_days.item_id,
    shown_days.weeks_ago,
    MAX(shown_days.shown_on) AS last_shown_on
  FROM shown_days
  LEFT JOIN welcomed
    ON welcomed.customer_id = shown_days.customer_id AND welcomed.item_id = shown_days.item_id
  WHERE welcomed.last_on IS NULL OR shown_days.shown_on > welcomed.last_on
  GROUP BY shown_days.customer_id, shown_days.item_id, shown_days.weeks_ago
),
-- A gap is a week that begins anew: weeks before it do not count any more.
gaps AS (
  SELECT
    *,
    weeks_ago - COALESCE(
      LAG(weeks_ago) OVER (PARTITION BY customer_id, item_id ORDER BY weeks_ago), -1
    ) > @ignored_forgotten_weeks AS is_after_gap
  FROM shown_weeks
),
runs AS (
  SELECT
    *,
    SUM(IF(is_after_gap, 1, 0)) OVER (
      PARTITION BY customer_id, item_id ORDER BY weeks_ago ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW
    ) AS gaps_since
  FROM gaps
)
SELECT
  @as_of AS as_of,
  customer_id,
  item_id,
  weeks_ago,
  last_shown_on
FROM runs
WHERE gaps_since = 0 AND @ignored_factor < 1
