-- Nobody is recommended a part of a family that they bought within the exclusion days, by the event stream or the order
-- history. A failure means that customers are asked to buy what they have just bought.
-- table: vehicle_recommendations
-- severity: error
-- look-back: events @purchase_exclusion_days
WITH bought AS (
  SELECT customer_id, item_id, event_date AS bought_on
  FROM events
  WHERE event_name = 'order_line' AND customer_id IS NOT NULL
  UNION ALL
  SELECT customer_id, item_id, DATE(ordered_at)
  FROM order_history
  WHERE customer_id IS NOT NULL
    AND DATE(ordered_at) > DATE_SUB(@as_of, INTERVAL @purchase_exclusion_days DAY)
    AND DATE(ordered_at) <= @as_of
),
of_family AS (
  SELECT customer_id, REGEXP_REPLACE(item_id, r'([0-9])[BRGP]$', r'\1') AS family, MAX(bought_on) AS bought_on
  FROM bought
  GROUP BY customer_id, REGEXP_REPLACE(item_id, r'([0-9])[BRGP]$', r'\1')
),
parts AS (
  SELECT customer_id, rec_part_1 AS item_id FROM vehicle_recommendations
  UNION ALL
  SELECT customer_id, rec_part_2 FROM vehicle_recommendations
  UNION ALL
  SELECT customer_id, rec_part_3 FROM vehicle_recommendations
  UNION ALL
  SELECT customer_id, rec_part_4 FROM vehicle_recommendations
)
SELECT parts.customer_id, parts.item_id, of_family.bought_on
FROM parts
JOIN of_family
  ON of_family.customer_id = parts.customer_id
  AND of_family.family = REGEXP_REPLACE(parts.item_id, r'([0-9])[BRGP]$', r'\1')
