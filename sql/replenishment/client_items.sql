-- One row per client and item that it ordered in the last @history_days: how often, when, and after how many days again.
-- What a client buys again is chosen from these rows, and a discovery is what is not among them.
--
-- An order of which the whole quantity of the item came back counts as sent back. An item of which every order was sent
-- back has no orders: it is neither bought again nor discovered, and its days are those of the orders sent back.
--
-- Of the season are the days less than @season_days before the day, or up to as many after it, in any year. A year has 364
-- days, so that it keeps the weekday.
-- look-back: order_lines @history_days
-- look-back: client_days @history_days
WITH sent_back AS (
  SELECT customer_id, order_id, item_id, SUM(returned) AS units
  FROM order_lines
  WHERE returned > 0
  GROUP BY customer_id, order_id, item_id
),
bought AS (
  SELECT
    order_lines.customer_id,
    order_lines.item_id,
    order_lines.event_date,
    order_lines.quantity > COALESCE(sent_back.units, 0) AS is_kept,
    GREATEST(order_lines.quantity - COALESCE(sent_back.units, 0), 0) AS quantity
  FROM order_lines
  LEFT JOIN sent_back
    ON sent_back.customer_id = order_lines.customer_id
    AND sent_back.order_id = order_lines.order_id
    AND sent_back.item_id = order_lines.item_id
  WHERE order_lines.quantity > 0
),
pairs AS (
  SELECT
    customer_id,
    item_id,
    COUNT(IF(is_kept, 1, NULL)) AS orders,
    COUNT(IF(is_kept, NULL, 1)) AS orders_sent_back,
    SUM(quantity) AS quantity,
    COALESCE(MIN(IF(is_kept, event_date, NULL)), MIN(event_date)) AS first_ordered_on,
    COALESCE(MAX(IF(is_kept, event_date, NULL)), MAX(event_date)) AS last_ordered_on,
    COUNT(IF(is_kept AND event_date > DATE_SUB(@as_of, INTERVAL @trend_days DAY), 1, NULL)) AS recent_orders,
    COUNT(
      IF(
        is_kept
          AND event_date <= DATE_SUB(@as_of, INTERVAL @trend_days DAY)
          AND event_date > DATE_SUB(@as_of, INTERVAL 2 * @trend_days DAY),
        1,
        NULL
      )
    ) AS earlier_orders,
    COUNT(
      IF(
        is_kept AND MOD(DATE_DIFF(@as_of, event_date, DAY) + @season_days, 364) < 2 * @season_days,
        1,
        NULL
      )
    ) AS season_orders
  FROM bought
  GROUP BY customer_id, item_id
),
placed AS (
  SELECT
    customer_id,
    event_date,
    SUM(orders) OVER (PARTITION BY customer_id) AS orders,
    SUM(IF(MOD(DATE_DIFF(@as_of, event_date, DAY) + @season_days, 364) < 2 * @season_days, orders, 0)) OVER (
      PARTITION BY customer_id
    ) AS season_orders,
    SUM(orders) OVER (
      PARTITION BY customer_id ORDER BY event_date ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW
    ) AS orders_until
  FROM client_days
)
SELECT
  @as_of AS as_of,
  pairs.customer_id,
  pairs.item_id,
  pairs.orders,
  pairs.orders_sent_back,
  pairs.quantity,
  pairs.first_ordered_on,
  pairs.last_ordered_on,
  DATE_DIFF(@as_of, pairs.last_ordered_on, DAY) AS days_since,
  placed.orders - placed.orders_until AS orders_since,
  -- Of an item that was ordered on one day alone nobody knows how long it lasts.
  NULLIF(DATE_DIFF(pairs.last_ordered_on, pairs.first_ordered_on, DAY), 0) / NULLIF(GREATEST(pairs.orders - 1, 0), 0)
    AS mean_gap_days,
  pairs.orders / placed.orders AS share_of_orders,
  pairs.recent_orders,
  pairs.earlier_orders,
  pairs.season_orders,
  COALESCE(SAFE_DIVIDE(pairs.season_orders, placed.season_orders), 0) AS season_share
FROM pairs
JOIN placed
  ON placed.customer_id = pairs.customer_id AND placed.event_date = pairs.last_ordered_on
