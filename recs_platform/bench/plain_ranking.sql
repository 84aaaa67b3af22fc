-- The definition of `recommendations` as plainly as SQL can say it: every owner meets every eligible part of the vehicle.
-- Same inputs, same columns, same rows; slow. Places that `vehicle_ranking` works out ahead are not used.
WITH bought AS (
  SELECT customer_id, family, ordered_on FROM purchases
  UNION ALL
  SELECT customer_id, REGEXP_REPLACE(item_id, r'([0-9])[BRGP]$', r'\1'), DATE(ordered_at)
  FROM order_history
),
excluded AS (
  SELECT DISTINCT customer_id, family
  FROM bought
  WHERE ordered_on > DATE_SUB(@as_of, INTERVAL @purchase_exclusion_days DAY) AND ordered_on <= @as_of
),
scored AS (
  SELECT
    owners.customer_id,
    owners.vehicle,
    parts.item_id,
    parts.family,
    parts.part_type,
    parts.price,
    parts.image_url,
    parts.tier,
    ROUND(COALESCE(intent_scores.intent, 0.0) + parts.popularity, 6) AS score,
    COALESCE(intent_scores.intent, 0.0) AS intent,
    parts.popularity
  FROM users_with_vehicles AS owners
  JOIN vehicle_ranking AS parts
    ON parts.vehicle = owners.vehicle
  LEFT JOIN intent_scores
    ON intent_scores.customer_id = owners.customer_id AND intent_scores.item_id = parts.item_id
  LEFT JOIN excluded
    ON excluded.customer_id = owners.customer_id AND excluded.family = parts.family
  WHERE excluded.family IS NULL
),
best_of_family AS (
  SELECT *
  FROM scored
  QUALIFY ROW_NUMBER() OVER (PARTITION BY customer_id, family ORDER BY score DESC, item_id) = 1
),
best_of_type AS (
  SELECT *
  FROM best_of_family
  QUALIFY
    part_type IS NULL
    OR ROW_NUMBER() OVER (PARTITION BY customer_id, part_type ORDER BY score DESC, item_id) <= @max_per_part_type
),
placed AS (
  SELECT *, ROW_NUMBER() OVER (PARTITION BY customer_id ORDER BY score DESC, item_id) AS rank
  FROM best_of_type
)
SELECT
  @as_of AS as_of, customer_id, vehicle, rank, item_id, family, part_type, price, image_url, tier, score, intent, popularity
FROM placed
WHERE rank <= 4
QUALIFY COUNT(*) OVER (PARTITION BY customer_id) = 4
