-- One row per day of the intent window: how many of its order lines are for items that no vehicle is known to fit. Such
-- items can never be recommended by fit, so their share limits what any ranking can achieve.
-- look-back: events @intent_window_days
WITH known AS (
  SELECT DISTINCT item_id FROM fitment
),
bought AS (
  SELECT
    events.event_date,
    events.event_id,
    exact.item_id IS NOT NULL OR base.item_id IS NOT NULL AS fits
  FROM events
  LEFT JOIN known AS exact
    ON exact.item_id = events.item_id
  LEFT JOIN known AS base
    ON base.item_id = REGEXP_REPLACE(events.item_id, r'([0-9])[BRGP]$', r'\1')
  WHERE events.event_name = 'order_line'
)
SELECT
  @as_of AS as_of,
  event_date AS ordered_on,
  COUNT(*) AS purchases,
  COUNTIF(NOT fits) AS outside_fitment,
  COUNTIF(NOT fits) / COUNT(*) AS share_outside
FROM bought
GROUP BY event_date
