-- One row: what is new since the last run, and whether the look-back window suits the available data. It is read before
-- anything is recomputed.
--
-- A run without new intent changes little, a window that reaches outside the data promises more history than it has,
-- and one that leaves days out wastes what was collected.
-- look-back: source_counts 1100 at most
-- look-back: events @window_days
-- earlier: previous_customers = customers latest
WITH previous AS (
  -- Where no customers tell of an earlier run, what is new is what the day itself brings.
  SELECT
    COALESCE(MAX(as_of), IF('customers' IN UNNEST(@not_provided), DATE_SUB(@as_of, INTERVAL 1 DAY), NULL))
      AS previous_run
  FROM previous_customers
),
fresh AS (
  SELECT
    COUNT(*) AS new_events,
    COUNT(DISTINCT IF(events.event_name IN ('product_viewed', 'cart_updated', 'order_line'), events.customer_id, NULL))
      AS customers_with_new_intent
  FROM events
  CROSS JOIN previous
  WHERE previous.previous_run IS NULL OR events.event_date > previous.previous_run
),
data AS (
  SELECT
    MIN(event_date) AS first_event_date,
    MAX(event_date) AS last_event_date,
    COUNTIF(event_date < DATE_SUB(@as_of, INTERVAL @window_days - 1 DAY)) AS days_before_window
  FROM source_counts
  WHERE source_table = 'events' AND kept > 0
)
SELECT
  @as_of AS as_of,
  previous.previous_run,
  fresh.new_events,
  fresh.customers_with_new_intent,
  data.first_event_date,
  data.last_event_date,
  DATE_SUB(@as_of, INTERVAL @window_days - 1 DAY) AS window_start,
  GREATEST(DATE_DIFF(data.first_event_date, DATE_SUB(@as_of, INTERVAL @window_days - 1 DAY), DAY), 0)
    AS window_days_without_data,
  data.days_before_window AS data_days_before_window
FROM previous
CROSS JOIN fresh
CROSS JOIN data
