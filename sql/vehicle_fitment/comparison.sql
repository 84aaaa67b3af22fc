-- One row per figure of the comparison of the day's recommendations with what is live: what would change for customers
-- if they were published. Guardrails judge it, and a person who approves it approves these figures.
--
-- It is shown what is live when it runs, so it is history only until the next publication.
--
-- A customer is common to both if the address has the same vehicle: what another vehicle gets says nothing about
-- stability.
WITH common AS (
  SELECT
    after.customer_id,
    [
      STRUCT(1 AS place, before.rec_part_1 AS old_item, after.rec_part_1 AS new_item, before.rec1_score AS old_score, after.rec1_score AS new_score),
      STRUCT(2 AS place, before.rec_part_2 AS old_item, after.rec_part_2 AS new_item, before.rec2_score AS old_score, after.rec2_score AS new_score),
      STRUCT(3 AS place, before.rec_part_3 AS old_item, after.rec_part_3 AS new_item, before.rec3_score AS old_score, after.rec3_score AS new_score),
      STRUCT(4 AS place, before.rec_part_4 AS old_item, after.rec_part_4 AS new_item, before.rec4_score AS old_score, after.rec4_score AS new_score)
    ] AS places,
    IF(before.rec_part_1 = after.rec_part_1, 0, 1) + IF(before.rec_part_2 = after.rec_part_2, 0, 1)
      + IF(before.rec_part_3 = after.rec_part_3, 0, 1) + IF(before.rec_part_4 = after.rec_part_4, 0, 1) AS changed
  FROM live_vehicle_recommendations AS before
  JOIN vehicle_recommendations AS after
    ON after.email_lower = before.email_lower
    AND after.v1_year = before.v1_year
    AND after.v1_make = before.v1_make
    AND after.v1_model = before.v1_model
),
places AS (
  SELECT place.place, place.old_item, place.new_item, place.old_score, place.new_score
  FROM common
  CROSS JOIN UNNEST(common.places) AS place
),
totals AS (
  SELECT
    (SELECT COUNT(*) FROM live_vehicle_recommendations) AS before,
    (SELECT COUNT(*) FROM vehicle_recommendations) AS after,
    (SELECT COUNT(*) FROM common) AS common
),
lost AS (
  SELECT
    CASE
      WHEN after.email_lower IS NOT NULL THEN 'another vehicle'
      WHEN moved.customer_id IS NOT NULL THEN 'another e-mail'
      WHEN dropped_customers.reason IS NOT NULL THEN dropped_customers.reason
      ELSE 'left or opted out'
    END AS cause
  FROM live_vehicle_recommendations AS before
  LEFT JOIN vehicle_recommendations AS after
    ON after.email_lower = before.email_lower
  LEFT JOIN (SELECT DISTINCT customer_id FROM vehicle_recommendations) AS moved
    ON moved.customer_id = before.customer_id
  LEFT JOIN dropped_customers
    ON dropped_customers.customer_id = before.customer_id
  WHERE after.email_lower IS NULL
    OR after.v1_year <> before.v1_year
    OR after.v1_make <> before.v1_make
    OR after.v1_model <> before.v1_model
),
-- Prices are summed as whole millionths, so that an average is the same in whatever order rows are read.
prices AS (
  SELECT
    'before' AS version,
    SUM(CAST(ROUND(1000000 * rec1_price) AS INT64)) AS millionths_1,
    SUM(CAST(ROUND(1000000 * rec2_price) AS INT64)) AS millionths_2,
    SUM(CAST(ROUND(1000000 * rec3_price) AS INT64)) AS millionths_3,
    SUM(CAST(ROUND(1000000 * rec4_price) AS INT64)) AS millionths_4,
    COUNT(*) AS customers
  FROM live_vehicle_recommendations
  UNION ALL
  SELECT
    'after',
    SUM(CAST(ROUND(1000000 * rec1_price) AS INT64)),
    SUM(CAST(ROUND(1000000 * rec2_price) AS INT64)),
    SUM(CAST(ROUND(1000000 * rec3_price) AS INT64)),
    SUM(CAST(ROUND(1000000 * rec4_price) AS INT64)),
    COUNT(*)
  FROM vehicle_recommendations
),
average_prices AS (
  SELECT
    place,
    MAX(IF(version = 'before', average, NULL)) AS before,
    MAX(IF(version = 'after', average, NULL)) AS after
  FROM (
    SELECT
      place,
      version,
      SAFE_DIVIDE(
        CASE place WHEN 1 THEN millionths_1 WHEN 2 THEN millionths_2 WHEN 3 THEN millionths_3 ELSE millionths_4 END,
        1000000 * customers
      ) AS average
    FROM prices
    CROSS JOIN UNNEST([1, 2, 3, 4]) AS place
  ) AS each_version
  GROUP BY place
),
swaps AS (
  SELECT place, old_item, new_item, COUNT(*) AS customers
  FROM places
  WHERE old_item <> new_item
  GROUP BY place, old_item, new_item
  ORDER BY customers DESC, place, old_item, new_item
  LIMIT 20
),
popularity AS (
  SELECT item_id, orders, score, CAST(ROUND(100 * score) AS INT64) AS hundredths FROM item_popularity
),
figures AS (
  SELECT
    'customers' AS section,
    kinds.name,
    CASE kinds.name
      WHEN 'common' THEN totals.common
      WHEN 'gained' THEN totals.after - totals.common
      ELSE totals.before - totals.common
    END AS count,
    -- Those gained are a share of the day's customers, the others of the live ones.
    IF(kinds.name = 'gained', totals.after, totals.before) AS of_all,
    CAST(totals.before AS FLOAT64) AS before,
    CAST(totals.after AS FLOAT64) AS after,
    CAST(NULL AS STRING) AS detail
  FROM totals
  CROSS JOIN (SELECT name FROM UNNEST(['common', 'gained', 'lost']) AS name) AS kinds
  UNION ALL
  SELECT 'lost_because', lost.cause, COUNT(*), MAX(totals.before - totals.common), NULL, NULL, NULL
  FROM lost
  CROSS JOIN totals
  GROUP BY lost.cause
  UNION ALL
  SELECT 'changed_per_customer', CAST(numbers.changed AS STRING), COUNT(common.changed), MAX(totals.common), NULL, NULL, NULL
  FROM (SELECT changed FROM UNNEST([0, 1, 2, 3, 4]) AS changed) AS numbers
  CROSS JOIN totals
  LEFT JOIN common
    ON common.changed = numbers.changed
  GROUP BY numbers.changed
  UNION ALL
  SELECT
    'changed_at_position',
    CAST(numbers.place AS STRING),
    COUNT(IF(places.old_item <> places.new_item, 1, NULL)),
    MAX(totals.common),
    NULL,
    NULL,
    NULL
  FROM (SELECT place FROM UNNEST([1, 2, 3, 4]) AS place) AS numbers
  CROSS JOIN totals
  LEFT JOIN places
    ON places.place = numbers.place
  GROUP BY numbers.place
  UNION ALL
  SELECT 'scores', kinds.name, COUNT(places.place), MAX(4 * totals.common), NULL, NULL, NULL
  FROM (SELECT name FROM UNNEST(['up', 'down', 'same']) AS name) AS kinds
  CROSS JOIN totals
  LEFT JOIN places
    ON kinds.name = CASE
      WHEN places.new_score > places.old_score THEN 'up'
      WHEN places.new_score < places.old_score THEN 'down'
      ELSE 'same'
    END
  GROUP BY kinds.name
  UNION ALL
  SELECT
    'swaps',
    CONCAT('position ', CAST(swaps.place AS STRING), ': ', swaps.old_item, ' -> ', swaps.new_item),
    swaps.customers,
    totals.common,
    COALESCE(was.score, 0),
    COALESCE(is_now.score, 0),
    -- Scores in hundredths, put together by hand: the engines write a fraction differently.
    CONCAT(
      swaps.new_item, ' replaced ', swaps.old_item, ': ',
      CAST(COALESCE(was.orders, 0) AS STRING), ' -> ', CAST(COALESCE(is_now.orders, 0) AS STRING), ' orders, ',
      CAST(DIV(COALESCE(was.hundredths, 0), 100) AS STRING), '.',
      LPAD(CAST(MOD(COALESCE(was.hundredths, 0), 100) AS STRING), 2, '0'), ' -> ',
      CAST(DIV(COALESCE(is_now.hundredths, 0), 100) AS STRING), '.',
      LPAD(CAST(MOD(COALESCE(is_now.hundredths, 0), 100) AS STRING), 2, '0')
    )
  FROM swaps
  CROSS JOIN totals
  LEFT JOIN popularity AS was
    ON was.item_id = swaps.old_item
  LEFT JOIN popularity AS is_now
    ON is_now.item_id = swaps.new_item
)
SELECT @as_of AS as_of, section, name, count, SAFE_DIVIDE(count, of_all) AS share, before, after, detail
FROM figures
UNION ALL
SELECT
  @as_of, 'average_price', CAST(place AS STRING), NULL, ROUND(SAFE_DIVIDE(after, before) - 1, 6),
  ROUND(before, 4), ROUND(after, 4), NULL
FROM average_prices
