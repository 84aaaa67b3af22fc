-- One row per contender and order line of the last @backtest_days days by an owner who had been given recommendations
-- before, with the rank at which the contender listed the part. Each of four contenders listed four parts from what was
-- known then: `recommended` is the pipeline with its owner's intent, `segment` what owners of the vehicle buy, `global`
-- what everybody buys, under the same rules, and `random` any four eligible parts.
-- look-back: events @backtest_days
-- earlier: past_recommendations = recommendations @backtest_days
-- earlier: past_ranking = vehicle_ranking @backtest_days
-- earlier: past_popularity = item_popularity @backtest_days
WITH audience AS (
  SELECT DISTINCT as_of AS recommended_on, customer_id, vehicle FROM past_recommendations
),
bought AS (
  SELECT
    audience.recommended_on,
    audience.customer_id,
    audience.vehicle,
    events.event_id,
    events.event_date AS ordered_on,
    COALESCE(exact.item_id, base.item_id, events.item_id) AS item_id
  FROM events
  JOIN audience USING (customer_id)
  LEFT JOIN catalog AS exact
    ON exact.item_id = events.item_id
  LEFT JOIN catalog AS base
    ON base.item_id = REGEXP_REPLACE(events.item_id, r'([0-9])[BRGP]$', r'\1')
  WHERE events.event_name = 'order_line'
    AND events.item_id IS NOT NULL
),
shoppers AS (
  SELECT DISTINCT recommended_on, customer_id, vehicle FROM bought
),
parts AS (
  SELECT
    ranking.vehicle,
    ranking.item_id,
    ranking.family,
    ranking.part_type,
    ranking.tier,
    ranking.family_rank,
    ranking.type_rank,
    ranking.capped_before,
    COALESCE(past_popularity.score, 0) AS global_score
  FROM past_ranking AS ranking
  JOIN (SELECT DISTINCT vehicle FROM shoppers) AS vehicles USING (vehicle)
  LEFT JOIN past_popularity
    ON past_popularity.item_id = ranking.item_id
),
of_family AS (
  SELECT *
  FROM parts
  QUALIFY ROW_NUMBER() OVER (PARTITION BY vehicle, family ORDER BY global_score DESC, item_id) = 1
),
of_type AS (
  SELECT *
  FROM of_family
  QUALIFY ROW_NUMBER() OVER (
    PARTITION BY vehicle, COALESCE(part_type, CONCAT('? ', item_id)) ORDER BY global_score DESC, item_id
  ) <= @max_per_part_type
),
drawn AS (
  SELECT
    shoppers.customer_id,
    parts.item_id,
    parts.tier,
    ROW_NUMBER() OVER (
      PARTITION BY shoppers.customer_id
      -- The draw is each customer's own, and the same whenever it is made.
      ORDER BY
        TO_HEX(MD5(CONCAT(CAST(shoppers.recommended_on AS STRING), '|', shoppers.customer_id, '|', parts.item_id))),
        parts.item_id
    ) AS position
  FROM shoppers
  JOIN parts USING (vehicle)
),
listed AS (
  SELECT 'recommended' AS contender, customer_id, item_id, tier, rank AS position
  FROM past_recommendations
  UNION ALL
  SELECT 'segment', shoppers.customer_id, parts.item_id, parts.tier, parts.capped_before + 1
  FROM shoppers
  JOIN parts USING (vehicle)
  WHERE parts.family_rank = 1 AND parts.type_rank <= @max_per_part_type AND parts.capped_before < 4
  UNION ALL
  SELECT 'global', shoppers.customer_id, best.item_id, best.tier, best.position
  FROM shoppers
  JOIN (
    SELECT vehicle, item_id, tier, ROW_NUMBER() OVER (PARTITION BY vehicle ORDER BY global_score DESC, item_id) AS position
    FROM of_type
  ) AS best USING (vehicle)
  WHERE best.position <= 4
  UNION ALL
  SELECT 'random', customer_id, item_id, tier, position
  FROM drawn
  WHERE position <= 4
)
SELECT
  @as_of AS as_of,
  bought.recommended_on,
  contenders.name AS contender,
  bought.event_id,
  bought.ordered_on,
  bought.customer_id,
  bought.item_id,
  listed.position,
  listed.tier
FROM bought
CROSS JOIN (SELECT name FROM UNNEST(['recommended', 'segment', 'global', 'random']) AS name) AS contenders
LEFT JOIN listed
  ON listed.contender = contenders.name AND listed.customer_id = bought.customer_id AND listed.item_id = bought.item_id
