-- One row per price band: what the order lines of the intent window earned in it. A band holds prices from its lower
-- bound up to, and without, the next one's.
-- look-back: events @intent_window_days
WITH sold AS (
  SELECT
    unit_price,
    COALESCE(quantity, 1) AS units,
    CAST(ROUND(100 * COALESCE(quantity, 1) * unit_price) AS INT64) AS hundredths
  FROM events
  WHERE event_name = 'order_line' AND unit_price IS NOT NULL
),
banded AS (
  SELECT
    CASE
      WHEN unit_price < 50 THEN 0
      WHEN unit_price < 100 THEN 50
      WHEN unit_price < 250 THEN 100
      WHEN unit_price < 500 THEN 250
      WHEN unit_price < 1000 THEN 500
      ELSE 1000
    END AS price_from,
    units,
    hundredths
  FROM sold
)
SELECT
  @as_of AS as_of,
  price_from,
  COUNT(*) AS order_lines,
  COUNT(*) / (SELECT COUNT(*) FROM banded) AS share_of_lines,
  SUM(units) AS units,
  SUM(hundredths) / 100 AS revenue,
  COALESCE(SAFE_DIVIDE(SUM(hundredths), (SELECT SUM(hundredths) FROM banded)), 0) AS share_of_revenue
FROM banded
GROUP BY price_from
