-- One row per item that was ordered in the last @history_days or stands in the catalog: how popular it is, whether it
-- trends, and what it is like. What may not be recommended any more is marked here.
--
-- An item trends when its orders of the last @trend_days are at least 1 + @trend_growth times those of the days before,
-- and at least @trend_min_orders. Where orders do not reach back that far everything would seem to grow, so nothing
-- trends.
--
-- An item is of the season by how much more of its orders than usual are at this time of the year, with ten ordinary ones
-- added, so that a few say little. Before orders reach back to the beginning of last year's season nobody knows.
--
-- New is what stands in the catalog, did not @new_item_days ago, and was not ordered by then. Where that day's catalog is
-- not stored, nothing is known to be new. Where there is no catalog, nothing is discontinued.
-- earlier: catalog_before = catalog @new_item_days
WITH ordered AS (
  SELECT
    item_id,
    SUM(orders) AS orders,
    COUNT(IF(orders > 0, 1, NULL)) AS clients,
    SUM(recent_orders) AS recent_orders,
    SUM(earlier_orders) AS earlier_orders,
    SUM(season_orders) AS season_orders,
    MIN(first_ordered_on) AS first_ordered_on
  FROM client_items
  GROUP BY item_id
),
items AS (
  SELECT item_id FROM ordered
  UNION DISTINCT
  SELECT item_id FROM catalog
),
known AS (
  SELECT
    (SELECT COUNT(*) FROM catalog) > 0 AS has_catalog,
    (SELECT COUNT(*) FROM catalog_before) > 0 AS has_catalog_before,
    (SELECT MIN(first_ordered_on) FROM ordered) <= DATE_SUB(@as_of, INTERVAL 2 * @trend_days - 1 DAY) AS has_both_periods,
    (SELECT MIN(first_ordered_on) FROM ordered) <= DATE_SUB(@as_of, INTERVAL 363 + @season_days DAY) AS has_year,
    (SELECT SAFE_DIVIDE(SUM(season_orders), SUM(orders)) FROM ordered) AS season_share
)
SELECT
  @as_of AS as_of,
  items.item_id,
  COALESCE(catalog.group_id, catalog.category) AS group_id,
  catalog.brand,
  catalog.price,
  -- Each band is twice as dear as the one below.
  CAST(FLOOR(ROUND(LN(NULLIF(catalog.price, 0)) / LN(2), 6)) AS INT64) AS price_band,
  COALESCE(ordered.orders, 0) AS orders,
  COALESCE(ordered.clients, 0) AS clients,
  COALESCE(ordered.recent_orders, 0) AS recent_orders,
  COALESCE(ordered.earlier_orders, 0) AS earlier_orders,
  SAFE_DIVIDE(ordered.recent_orders, ordered.earlier_orders) - 1 AS growth,
  IF(
    known.has_year,
    SAFE_DIVIDE(
      GREATEST(COALESCE(ordered.season_orders, 0) - known.season_share * COALESCE(ordered.orders, 0), 0),
      (1 - known.season_share) * (COALESCE(ordered.orders, 0) + 10)
    ),
    NULL
  ) AS seasonality,
  COALESCE(
    known.has_both_periods
      AND ordered.recent_orders >= @trend_min_orders
      AND ordered.recent_orders >= ROUND((1 + @trend_growth) * ordered.earlier_orders, 6),
    FALSE
  ) AS is_trending,
  ordered.first_ordered_on,
  catalog.item_id IS NOT NULL
    AND known.has_catalog_before
    AND catalog_before.item_id IS NULL
    AND (ordered.first_ordered_on IS NULL OR ordered.first_ordered_on > DATE_SUB(@as_of, INTERVAL @new_item_days DAY))
    AS is_new,
  known.has_catalog AND catalog.item_id IS NULL AS is_discontinued
FROM items
CROSS JOIN known
LEFT JOIN ordered
  ON ordered.item_id = items.item_id
LEFT JOIN catalog
  ON catalog.item_id = items.item_id
LEFT JOIN catalog_before
  ON catalog_before.item_id = items.item_id
