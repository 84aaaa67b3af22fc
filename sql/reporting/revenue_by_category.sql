-- One row per part type: what the order lines of the intent window earned.
--
-- Summed in hundredths of the currency's unit, so that the sum is the same however the lines are read.
-- look-back: events @intent_window_days
WITH sold AS (
  SELECT
    COALESCE(IF(exact.item_id IS NULL, base.category, exact.category), 'unknown') AS category,
    COALESCE(events.quantity, 1) AS units,
    CAST(ROUND(100 * COALESCE(events.quantity, 1) * COALESCE(events.unit_price, 0)) AS INT64) AS hundredths
  FROM events
  LEFT JOIN catalog AS exact
    ON exact.item_id = events.item_id
  LEFT JOIN catalog AS base
    ON base.item_id = REGEXP_REPLACE(events.item_id, r'([0-9])[BRGP]$', r'\1')
  WHERE events.event_name = 'order_line'
)
SELECT
  @as_of AS as_of,
  category,
  COUNT(*) AS order_lines,
  COUNT(*) / (SELECT COUNT(*) FROM sold) AS share_of_lines,
  SUM(units) AS units,
  SUM(hundredths) / 100 AS revenue,
  COALESCE(SAFE_DIVIDE(SUM(hundredths), (SELECT SUM(hundredths) FROM sold)), 0) AS share_of_revenue
FROM sold
GROUP BY category
