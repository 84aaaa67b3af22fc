-- One row per client with an order in the last @history_days: how often and how much it orders, and whether it is a
-- light, a regular or a heavy one. Active clients are those who get a list.
--
-- Segments are of active clients, by their orders in the last @active_window_days: the lower @light_share are light, the
-- upper @heavy_share heavy. Clients with as many orders stand together in the middle of their places, so that they are
-- of one segment. A client that is not active is light.
-- look-back: client_days @history_days
WITH ordered AS (
  SELECT
    customer_id,
    SUM(orders) AS orders,
    SUM(lines) AS lines,
    SUM(units) AS units,
    SUM(spent_cents) AS spent_cents,
    SUM(IF(event_date > DATE_SUB(@as_of, INTERVAL @active_window_days DAY), orders, 0)) AS active_orders,
    MIN(event_date) AS first_ordered_on,
    MAX(event_date) AS last_ordered_on
  FROM client_days
  GROUP BY customer_id
),
variety AS (
  SELECT customer_id, COUNT(*) AS items FROM client_items GROUP BY customer_id
),
numbers AS (
  SELECT active_orders, COUNT(*) AS clients
  FROM ordered
  WHERE active_orders > 0
  GROUP BY active_orders
),
places AS (
  -- In halves of a place: the middle of those alike may lie between two.
  SELECT
    numbers.active_orders,
    2 * SUM(IF(others.active_orders < numbers.active_orders, others.clients, 0)) + MAX(numbers.clients) AS half_places,
    2 * SUM(others.clients) AS half_places_of_all
  FROM numbers
  CROSS JOIN numbers AS others
  GROUP BY numbers.active_orders
)
SELECT
  @as_of AS as_of,
  ordered.customer_id,
  ordered.orders,
  ordered.lines,
  ordered.units,
  ordered.spent_cents,
  variety.items,
  ordered.first_ordered_on,
  ordered.last_ordered_on,
  NULLIF(DATE_DIFF(ordered.last_ordered_on, ordered.first_ordered_on, DAY), 0)
    / NULLIF(ordered.orders - 1, 0) AS mean_gap_days,
  ordered.lines / ordered.orders AS mean_basket,
  ordered.active_orders,
  CASE
    WHEN places.active_orders IS NULL THEN 'light'
    WHEN places.half_places >= ROUND((1 - @heavy_share) * places.half_places_of_all, 6) THEN 'heavy'
    WHEN places.half_places < ROUND(@light_share * places.half_places_of_all, 6) THEN 'light'
    ELSE 'regular'
  END AS segment,
  ordered.active_orders > 0 AS is_active
FROM ordered
JOIN variety
  ON variety.customer_id = ordered.customer_id
LEFT JOIN places
  ON places.active_orders = ordered.active_orders
