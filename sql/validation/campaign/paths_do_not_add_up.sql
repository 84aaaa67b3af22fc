-- The conversion paths add up to the total exactly, in orders and in revenue. A failure means that an order was credited
-- twice or lost between two tables.
-- table: conversion_paths
-- severity: error
WITH summed AS (
  SELECT
    SUM(IF(path = 'total', 0, orders)) AS orders,
    SUM(IF(path = 'total', orders, 0)) AS total_orders,
    SUM(IF(path = 'total', 0, CAST(ROUND(100 * revenue) AS INT64))) AS hundredths,
    SUM(IF(path = 'total', CAST(ROUND(100 * revenue) AS INT64), 0)) AS total_hundredths
  FROM conversion_paths
)
SELECT orders, total_orders, hundredths / 100 AS revenue, total_hundredths / 100 AS total_revenue
FROM summed
WHERE orders <> total_orders OR hundredths <> total_hundredths
