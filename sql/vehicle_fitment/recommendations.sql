-- One row per owner and rank, 1 to 4: the best four of the parts eligible for the owner's vehicle, by intent plus
-- popularity. Part families that the owner bought in the last @purchase_exclusion_days are left out, a family competes
-- with its best part only, and a part type with its best @max_per_part_type. An owner who is left with fewer than four
-- gets none.
--
-- What was shown to an owner week after week and ignored steps back: its score is multiplied by its factor
-- (ignored_recommendations).
--
-- Ties are broken by item.
--
-- Why the top of a vehicle's list is enough: an owner without intent or purchases among the eligible parts gets the
-- vehicle's own four. For the others, with n families touched by intent, a purchase or being ignored, all parts of those families
-- compete with the top of the vehicle's list. An untouched part keeps its score, and whatever stood before it stays
-- there, except the n touched. So it can be chosen only if at most @max_per_part_type - 1 + n of its type stand before
-- it, and at most n + 3 of the capped list: an untouched part of that list that drops out makes room for a touched one
-- of its type, so three chosen ones are all there can be. Nothing deeper is read.
WITH wished AS (
  SELECT users_with_vehicles.customer_id, users_with_vehicles.vehicle, ranking.family, ranking.item_id, intent_scores.intent
  FROM intent_scores
  JOIN users_with_vehicles USING (customer_id)
  JOIN vehicle_ranking AS ranking
    ON ranking.vehicle = users_with_vehicles.vehicle AND ranking.item_id = intent_scores.item_id
  WHERE intent_scores.intent > 0
),
ordered AS (
  -- One row per owner and family first: it keeps the engine from meeting every owner with every part of the vehicle.
  SELECT DISTINCT users_with_vehicles.customer_id, users_with_vehicles.vehicle, lines.family
  FROM (
    SELECT customer_id, family, ordered_on FROM purchases
    UNION ALL
    -- Where history overlaps with the stream, `purchases` leaves it out, so as to count nothing twice.
    SELECT customer_id, REGEXP_REPLACE(item_id, r'([0-9])[BRGP]$', r'\1'), DATE(ordered_at)
    FROM order_history
    WHERE DATE(ordered_at) <= @as_of
  ) AS lines
  JOIN users_with_vehicles USING (customer_id)
  WHERE lines.ordered_on > DATE_SUB(@as_of, INTERVAL @purchase_exclusion_days DAY)
),
bought AS (
  SELECT ordered.customer_id, ordered.vehicle, ordered.family
  FROM ordered
  JOIN (SELECT DISTINCT vehicle, family FROM vehicle_ranking) AS families
    ON families.vehicle = ordered.vehicle AND families.family = ordered.family
),
ignored AS (
  SELECT users_with_vehicles.customer_id, users_with_vehicles.vehicle, ranking.family, ranking.item_id, steps.factor
  FROM ignored_recommendations AS steps
  JOIN users_with_vehicles USING (customer_id)
  JOIN vehicle_ranking AS ranking
    ON ranking.vehicle = users_with_vehicles.vehicle AND ranking.item_id = steps.item_id
),
touched AS (
  SELECT customer_id, vehicle, family, MAX(is_bought) AS is_bought
  FROM (
    SELECT customer_id, vehicle, family, 0 AS is_bought FROM wished
    UNION ALL
    SELECT customer_id, vehicle, family, 0 AS is_bought FROM ignored
    UNION ALL
    SELECT customer_id, vehicle, family, 1 AS is_bought FROM bought
  ) AS both_kinds
  GROUP BY customer_id, vehicle, family
),
personal AS (
  SELECT
    customer_id,
    vehicle,
    -- How deep to read: a few depths, each at least the number of touched families, let the list be cut once.
    CASE WHEN COUNT(*) <= 1 THEN 1 WHEN COUNT(*) <= 2 THEN 2 WHEN COUNT(*) <= 4 THEN 4 WHEN COUNT(*) <= 8 THEN 8 ELSE 0 END
      AS depth
  FROM touched
  GROUP BY customer_id, vehicle
),
shortlist AS (
  SELECT vehicle, depth, item_id, family, COALESCE(part_type, CONCAT('? ', item_id)) AS like_part, popularity
  FROM vehicle_ranking
  CROSS JOIN UNNEST([1, 2, 4, 8, 0]) AS depth
  WHERE family_rank = 1
    AND (depth = 0 OR (type_rank <= @max_per_part_type + depth AND capped_before <= depth + 3))
),
candidates AS (
  -- Untouched families compete with their best part, as everybody sees it.
  SELECT
    personal.customer_id, personal.vehicle, shortlist.item_id, shortlist.like_part, 0.0 AS intent,
    shortlist.popularity AS score
  FROM personal
  JOIN shortlist
    ON shortlist.vehicle = personal.vehicle AND shortlist.depth = personal.depth
  LEFT JOIN touched
    ON touched.customer_id = personal.customer_id AND touched.family = shortlist.family
  WHERE touched.family IS NULL
  UNION ALL
  -- Of a touched family the owner's own wishes say which part is the best.
  SELECT
    touched.customer_id, touched.vehicle, ranking.item_id, COALESCE(ranking.part_type, CONCAT('? ', ranking.item_id)),
    COALESCE(wished.intent, 0.0),
    ROUND((COALESCE(wished.intent, 0.0) + ranking.popularity) * COALESCE(ignored.factor, 1.0), 6)
  FROM touched
  JOIN vehicle_ranking AS ranking
    ON ranking.vehicle = touched.vehicle AND ranking.family = touched.family
  LEFT JOIN wished
    ON wished.customer_id = touched.customer_id AND wished.item_id = ranking.item_id
  LEFT JOIN ignored
    ON ignored.customer_id = touched.customer_id AND ignored.item_id = ranking.item_id
  WHERE touched.is_bought = 0
  QUALIFY ROW_NUMBER() OVER (
    PARTITION BY touched.customer_id, touched.family
    ORDER BY ROUND((COALESCE(wished.intent, 0.0) + ranking.popularity) * COALESCE(ignored.factor, 1.0), 6) DESC, ranking.item_id
  ) = 1
),
of_type AS (
  SELECT customer_id, vehicle, item_id, intent, score
  FROM candidates
  QUALIFY ROW_NUMBER() OVER (PARTITION BY customer_id, like_part ORDER BY score DESC, item_id) <= @max_per_part_type
),
placed AS (
  SELECT
    customer_id, vehicle, item_id, intent, score,
    ROW_NUMBER() OVER (PARTITION BY customer_id ORDER BY score DESC, item_id) AS rank,
    COUNT(*) OVER (PARTITION BY customer_id) AS parts
  FROM of_type
),
common AS (
  SELECT vehicle, item_id, popularity AS score, capped_before + 1 AS rank
  FROM vehicle_ranking
  WHERE family_rank = 1 AND type_rank <= @max_per_part_type AND capped_before < 4
  QUALIFY COUNT(*) OVER (PARTITION BY vehicle) = 4
),
chosen AS (
  SELECT customer_id, vehicle, rank, item_id, score, intent
  FROM placed
  WHERE rank <= 4 AND parts >= 4
  UNION ALL
  SELECT users_with_vehicles.customer_id, users_with_vehicles.vehicle, common.rank, common.item_id, common.score, 0.0
  FROM users_with_vehicles
  JOIN common USING (vehicle)
  LEFT JOIN personal
    ON personal.customer_id = users_with_vehicles.customer_id
  WHERE personal.customer_id IS NULL
)
SELECT
  @as_of AS as_of,
  chosen.customer_id,
  chosen.vehicle,
  chosen.rank,
  chosen.item_id,
  ranking.family,
  ranking.part_type,
  ranking.price,
  ranking.image_url,
  ranking.tier,
  chosen.score,
  chosen.intent,
  ranking.popularity
FROM chosen
JOIN vehicle_ranking AS ranking
  ON ranking.vehicle = chosen.vehicle AND ranking.item_id = chosen.item_id
