-- One row per active client and rank: what it is about to need again, and what it may want to try. Of the week that
-- begins on the first Monday that is not before the day.
--
-- 1. The @repurchases_per_client best of what the client bought before.
-- 2. The @discoveries_per_client best of what it never bought.
-- 3. Where one kind has too few, the other fills its places, and each row keeps its true kind.
--
-- No more than @max_per_group of one group over the whole list; an item without a group is alike to no other. Of several
-- that compete for a group, those that are chosen first have the places: the repurchases of the first step, then
-- discoveries, then further repurchases. What is discontinued is nobody's.
--
-- Repurchases come first, each kind with its best score first: scores of the two kinds are not on one scale. Ties are
-- broken by item.
WITH possible AS (
  SELECT
    scores.customer_id,
    scores.item_id,
    scores.kind,
    scores.score,
    COALESCE(product_trends.group_id, CONCAT('? ', scores.item_id)) AS alike
  FROM replenishment_scores AS scores
  JOIN client_profiles
    ON client_profiles.customer_id = scores.customer_id AND client_profiles.is_active
  JOIN product_trends
    ON product_trends.item_id = scores.item_id AND NOT product_trends.is_discontinued
  LEFT JOIN client_items
    ON client_items.customer_id = scores.customer_id AND client_items.item_id = scores.item_id
  WHERE IF(scores.kind = 'discovery', client_items.item_id IS NULL, client_items.orders > 0)
),
in_groups AS (
  SELECT
    *,
    ROW_NUMBER() OVER (PARTITION BY customer_id, kind, alike ORDER BY score DESC, item_id) AS place_in_group
  FROM possible
  QUALIFY place_in_group <= @max_per_group
),
repurchases AS (
  SELECT
    *,
    ROW_NUMBER() OVER (PARTITION BY customer_id ORDER BY score DESC, item_id) AS place
  FROM in_groups
  WHERE kind = 'repurchase'
  -- A discovery takes its own place and keeps at most one of these out of its group: behind so many none gets a place.
  QUALIFY place <= @repurchases_per_client + @discoveries_per_client
),
groups_taken AS (
  SELECT customer_id, alike, COUNT(*) AS places
  FROM repurchases
  WHERE place <= @repurchases_per_client
  GROUP BY customer_id, alike
),
places_taken AS (
  SELECT customer_id, SUM(places) AS places FROM groups_taken GROUP BY customer_id
),
discoveries AS (
  SELECT
    in_groups.*,
    ROW_NUMBER() OVER (PARTITION BY in_groups.customer_id ORDER BY in_groups.score DESC, in_groups.item_id) AS place
  FROM in_groups
  LEFT JOIN groups_taken
    ON groups_taken.customer_id = in_groups.customer_id AND groups_taken.alike = in_groups.alike
  WHERE in_groups.kind = 'discovery'
    AND in_groups.place_in_group + COALESCE(groups_taken.places, 0) <= @max_per_group
),
discovered AS (
  SELECT discoveries.*
  FROM discoveries
  LEFT JOIN places_taken
    ON places_taken.customer_id = discoveries.customer_id
  WHERE discoveries.place <= @repurchases_per_client + @discoveries_per_client - COALESCE(places_taken.places, 0)
),
groups_discovered AS (
  SELECT customer_id, alike, COUNT(*) AS places FROM discovered GROUP BY customer_id, alike
),
places_discovered AS (
  SELECT customer_id, COUNT(*) AS places FROM discovered GROUP BY customer_id
),
further AS (
  SELECT
    repurchases.*,
    ROW_NUMBER() OVER (PARTITION BY repurchases.customer_id ORDER BY repurchases.place) AS place_among_further
  FROM repurchases
  LEFT JOIN groups_discovered
    ON groups_discovered.customer_id = repurchases.customer_id AND groups_discovered.alike = repurchases.alike
  WHERE repurchases.place > @repurchases_per_client
    AND repurchases.place_in_group + COALESCE(groups_discovered.places, 0) <= @max_per_group
),
chosen AS (
  SELECT customer_id, item_id
  FROM repurchases
  WHERE place <= @repurchases_per_client
  UNION ALL
  SELECT customer_id, item_id
  FROM discovered
  UNION ALL
  SELECT further.customer_id, further.item_id
  FROM further
  LEFT JOIN places_discovered
    ON places_discovered.customer_id = further.customer_id
  WHERE further.place_among_further <= @discoveries_per_client - COALESCE(places_discovered.places, 0)
)
SELECT
  @as_of AS as_of,
  chosen.customer_id,
  DATE_ADD(@as_of, INTERVAL MOD(8 - CAST(FORMAT_DATE('%u', @as_of) AS INT64), 7) DAY) AS week,
  ROW_NUMBER() OVER (
    PARTITION BY chosen.customer_id ORDER BY IF(scores.kind = 'repurchase', 0, 1), scores.score DESC, chosen.item_id
  ) AS rank,
  chosen.item_id,
  scores.kind,
  scores.score,
  scores.reason,
  product_trends.group_id,
  scores.version,
  scores.scored_by,
  @pipeline_version AS pipeline_version,
  TIMESTAMP(@as_of) AS generated_at
FROM chosen
JOIN replenishment_scores AS scores
  ON scores.customer_id = chosen.customer_id AND scores.item_id = chosen.item_id
JOIN product_trends
  ON product_trends.item_id = chosen.item_id
