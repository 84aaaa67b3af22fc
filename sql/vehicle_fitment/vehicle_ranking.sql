-- One row per vehicle and eligible part: how popular it is with owners of the vehicle, and its rank before any owner's
-- own intent. Most owners of a vehicle share this answer, so it is computed once per vehicle, not once per owner.
--
-- Popularity is the part's share of the segment's orders, shrunk toward the share in the segment above as if
-- @shrinkage_orders more orders had been placed there: a vehicle with three orders does not outrank evidence. A part
-- that fits many vehicles ranks below one of equal evidence that fits few. The three ranks at the end let
-- `recommendations` read only the top of a vehicle's list and still be exact.
WITH total AS (
  SELECT COUNT(DISTINCT vehicle) AS vehicles FROM eligible_parts
),
shared AS (
  SELECT
    parts.vehicle,
    parts.item_id,
    parts.family,
    parts.part_type,
    parts.price,
    parts.image_url,
    parts.vehicles_fitted,
    CASE
      WHEN @popularity = 'global' THEN 'global'
      WHEN by_vehicle.orders > 0 THEN 'vehicle'
      WHEN by_model.orders > 0 THEN 'model'
      WHEN by_make.orders > 0 THEN 'make'
      ELSE 'global'
    END AS tier,
    COALESCE(by_vehicle.weighted_orders, 0) AS vehicle_weight,
    COALESCE(of_vehicle.segment_orders, 0) AS vehicle_total,
    COALESCE(by_model.weighted_orders, 0) AS model_weight,
    COALESCE(of_model.segment_orders, 0) AS model_total,
    COALESCE(by_make.weighted_orders, 0) AS make_weight,
    COALESCE(of_make.segment_orders, 0) AS make_total,
    COALESCE(SAFE_DIVIDE(by_all.weighted_orders, by_all.segment_orders), 0) AS global_share,
    COALESCE(item_popularity.score, 0) AS global_score
  FROM eligible_parts AS parts
  LEFT JOIN (SELECT segment, item_id, orders, weighted_orders FROM segment_popularity WHERE tier = 'vehicle') AS by_vehicle
    ON by_vehicle.segment = parts.vehicle AND by_vehicle.item_id = parts.item_id
  LEFT JOIN (SELECT segment, MAX(segment_orders) AS segment_orders FROM segment_popularity WHERE tier = 'vehicle' GROUP BY segment) AS of_vehicle
    ON of_vehicle.segment = parts.vehicle
  LEFT JOIN (SELECT segment, item_id, orders, weighted_orders FROM segment_popularity WHERE tier = 'model') AS by_model
    ON by_model.segment = CONCAT(parts.vehicle_make, '|', parts.vehicle_model) AND by_model.item_id = parts.item_id
  LEFT JOIN (SELECT segment, MAX(segment_orders) AS segment_orders FROM segment_popularity WHERE tier = 'model' GROUP BY segment) AS of_model
    ON of_model.segment = CONCAT(parts.vehicle_make, '|', parts.vehicle_model)
  LEFT JOIN (SELECT segment, item_id, orders, weighted_orders FROM segment_popularity WHERE tier = 'make') AS by_make
    ON by_make.segment = parts.vehicle_make AND by_make.item_id = parts.item_id
  LEFT JOIN (SELECT segment, MAX(segment_orders) AS segment_orders FROM segment_popularity WHERE tier = 'make' GROUP BY segment) AS of_make
    ON of_make.segment = parts.vehicle_make
  LEFT JOIN (SELECT item_id, weighted_orders, segment_orders FROM segment_popularity WHERE tier = 'global') AS by_all
    ON by_all.item_id = parts.item_id
  LEFT JOIN item_popularity
    ON item_popularity.item_id = parts.item_id
),
make_shrunk AS (
  SELECT *, (make_weight + @shrinkage_orders * global_share) / (make_total + @shrinkage_orders) AS make_share
  FROM shared
),
model_shrunk AS (
  SELECT *, (model_weight + @shrinkage_orders * make_share) / (model_total + @shrinkage_orders) AS model_share
  FROM make_shrunk
),
scored AS (
  SELECT
    vehicle,
    item_id,
    family,
    part_type,
    price,
    image_url,
    tier,
    IF(
      @popularity = 'global',
      global_score,
      ROUND(
        2
        * LN(1 + 1000 * (vehicle_weight + @shrinkage_orders * model_share) / (vehicle_total + @shrinkage_orders))
        * (1 - @universal_discount * vehicles_fitted / vehicles),
        6
      )
    ) AS popularity
  FROM model_shrunk
  CROSS JOIN total
),
in_family AS (
  SELECT *, ROW_NUMBER() OVER (PARTITION BY vehicle, family ORDER BY popularity DESC, item_id) AS family_rank
  FROM scored
),
in_type AS (
  SELECT
    *,
    -- An unknown part type is nobody's like: such parts do not take each other's places.
    IF(
      family_rank > 1,
      NULL,
      ROW_NUMBER() OVER (
        PARTITION BY vehicle, family_rank, COALESCE(part_type, CONCAT('? ', item_id)) ORDER BY popularity DESC, item_id
      )
    ) AS type_rank
  FROM in_family
)
SELECT
  @as_of AS as_of,
  vehicle,
  item_id,
  family,
  part_type,
  price,
  image_url,
  tier,
  popularity,
  family_rank,
  type_rank,
  IF(
    family_rank > 1,
    NULL,
    -- The sum over no rows at all is NULL.
    COALESCE(
      SUM(IF(type_rank <= @max_per_part_type, 1, 0)) OVER (
        PARTITION BY vehicle ORDER BY popularity DESC, item_id ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING
      ),
      0
    )
  ) AS capped_before
FROM in_type
