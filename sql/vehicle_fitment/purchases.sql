-- One row per order line: from the event stream as far back as purchases exclude parts, and from the order history
-- before it. Popularity counts these lines, and nobody is shown what they bought.
--
-- The two do not overlap, so nothing is counted twice.
-- look-back: events @purchase_exclusion_days
WITH stream AS (
  SELECT MIN(event_date) AS first_day FROM events
),
ordered AS (
  SELECT customer_id, item_id, event_date AS ordered_on, 'events' AS source
  FROM events
  WHERE event_name = 'order_line'
  UNION ALL
  SELECT order_history.customer_id, order_history.item_id, DATE(order_history.ordered_at), 'order_history'
  FROM order_history
  CROSS JOIN stream
  -- A feed that is one file for all days also holds what comes after this one.
  WHERE DATE(order_history.ordered_at) <= @as_of
    AND (stream.first_day IS NULL OR DATE(order_history.ordered_at) < stream.first_day)
)
SELECT
  @as_of AS as_of,
  ordered.customer_id,
  COALESCE(exact.item_id, base.item_id, ordered.item_id) AS item_id,
  REGEXP_REPLACE(ordered.item_id, r'([0-9])[BRGP]$', r'\1') AS family,
  ordered.ordered_on,
  ordered.source
FROM ordered
LEFT JOIN catalog AS exact
  ON exact.item_id = ordered.item_id
LEFT JOIN catalog AS base
  ON base.item_id = REGEXP_REPLACE(ordered.item_id, r'([0-9])[BRGP]$', r'\1')
