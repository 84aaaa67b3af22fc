-- One row per active client and candidate, with a score: what it bought before, and what it never bought. Scored in the
-- way of the client's version, without a model: that of its arm in the company's @experiment, else the company's
-- (@version).
--
-- A repurchase scores by the share of the client's orders with the item, less the longer ago the last one is: half of it
-- after @active_window_days. Version 3.2 also asks whether it is due: most when as many days have passed as usually do
-- between two orders of it, less the earlier or later it is. Of an item that was ordered once nobody knows that.
-- What the client ordered at this time of an earlier year, and not yet in this one, is due by the season, if that scores
-- more: by the share of its orders of that time with the item, as far as everybody orders it at this time (seasonality).
-- Of orders that are only numbered (@days_between_orders) nothing has a season, and reasons count orders instead of days.
--
-- A discovery scores by the likeness of the similar clients who buy it, and a tenth as much by the share of all active
-- clients who do. What is new in the catalog stands before it where the client buys things of its group, by how much of
-- its orders are of its group, its brand and its price band; there is so much of it as @new_item_share of discoveries.
--
-- Version 4 scores as 3.2 does where no model serves. Where one does, what the model looked at comes in its order, between
-- 0.01 and 1, and everything else behind it in the order of 3.2; what is new in the catalog has the same places as there.
-- A client of whom the computation failed has no rows.
--
-- What was shown week after week and ignored steps back, in every version: its score is multiplied by its factor
-- (ignored_items).
--
-- In version 3.2 what trends scores @trend_boost more. In version 3.1 heavy clients discover nothing, and nothing is new.
WITH sold AS (
  SELECT
    item_id,
    group_id,
    brand,
    price_band,
    seasonality,
    is_new,
    is_trending
  FROM product_trends
  WHERE NOT is_discontinued
),
model AS (
  SELECT MAX(digest) AS digest FROM model_scores
),
modelled AS (
  SELECT DISTINCT customer_id FROM model_scores
),
computed AS (
  SELECT customer_id, COUNT(transitions) > 0 AS is_looked_at
  FROM replenishment_candidates
  GROUP BY customer_id
),
clients AS (
  SELECT
    client_profiles.customer_id,
    client_profiles.orders,
    client_profiles.segment <> 'heavy' OR COALESCE(assigned.arm, @version) <> 'v31' AS discovers,
    COALESCE(assigned.arm, @version) AS version
  FROM client_profiles
  LEFT JOIN experiment_assignments AS assigned
    ON assigned.customer_id = client_profiles.customer_id AND assigned.experiment = @experiment
  WHERE client_profiles.is_active
),
active AS (
  SELECT clients.*, IF(clients.version = 'v4', model.digest, NULL) AS digest
  FROM clients
  JOIN computed
    ON computed.customer_id = clients.customer_id
  LEFT JOIN modelled
    ON modelled.customer_id = clients.customer_id
  CROSS JOIN model
  WHERE clients.version <> 'v4'
    OR model.digest IS NULL
    OR modelled.customer_id IS NOT NULL
    OR NOT computed.is_looked_at
),
repurchases AS (
  SELECT
    client_items.customer_id,
    client_items.item_id,
    client_items.orders,
    client_items.share_of_orders,
    client_items.days_since,
    active.orders AS all_orders,
    POW(0.5, client_items.days_since / @active_window_days) AS lateness,
    CASE
      WHEN active.version = 'v31' THEN 1
      WHEN client_items.mean_gap_days IS NULL THEN 0.25
      WHEN client_items.days_since <= client_items.mean_gap_days
        THEN 0.25 + 0.75 * client_items.days_since / client_items.mean_gap_days
      ELSE 0.25 + 0.75 * client_items.mean_gap_days / client_items.days_since
    END AS due,
    IF(
      active.version <> 'v31' AND client_items.days_since >= @season_days AND @days_between_orders IS NULL,
      COALESCE(sold.seasonality * client_items.season_share, 0),
      0
    ) AS seasonal,
    sold.is_trending AND active.version <> 'v31' AS trends
  FROM replenishment_candidates AS known
  JOIN client_items
    ON client_items.customer_id = known.customer_id AND client_items.item_id = known.item_id
  JOIN active
    ON active.customer_id = known.customer_id
  JOIN sold
    ON sold.item_id = known.item_id
  WHERE known.kind = 'repurchase' AND client_items.orders > 0
),
everybody AS (
  SELECT COUNT(*) AS clients FROM clients
),
buyers AS (
  SELECT client_items.item_id, COUNT(*) AS clients
  FROM client_items
  JOIN clients
    ON clients.customer_id = client_items.customer_id
  WHERE client_items.orders > 0
  GROUP BY client_items.item_id
),
fresh AS (
  SELECT item_id, group_id, brand, price_band FROM sold WHERE is_new
),
tastes AS (
  SELECT
    client_items.customer_id,
    client_items.orders,
    sold.group_id,
    sold.brand,
    sold.price_band
  FROM client_items
  JOIN active
    ON active.customer_id = client_items.customer_id AND active.version <> 'v31'
  JOIN sold
    ON sold.item_id = client_items.item_id
  WHERE client_items.orders > 0 AND EXISTS (SELECT 1 FROM fresh)
),
taste_totals AS (
  SELECT customer_id, SUM(orders) AS orders FROM tastes GROUP BY customer_id
),
-- Of what nothing new is like nobody needs to know.
of_groups AS (
  SELECT tastes.customer_id, tastes.group_id, SUM(tastes.orders) AS orders
  FROM tastes
  JOIN (SELECT DISTINCT group_id FROM fresh) AS wanted
    ON wanted.group_id = tastes.group_id
  GROUP BY tastes.customer_id, tastes.group_id
),
of_brands AS (
  SELECT tastes.customer_id, tastes.brand, SUM(tastes.orders) AS orders
  FROM tastes
  JOIN (SELECT DISTINCT brand FROM fresh) AS wanted
    ON wanted.brand = tastes.brand
  GROUP BY tastes.customer_id, tastes.brand
),
of_bands AS (
  SELECT tastes.customer_id, tastes.price_band, SUM(tastes.orders) AS orders
  FROM tastes
  JOIN (SELECT DISTINCT price_band FROM fresh) AS wanted
    ON wanted.price_band = tastes.price_band
  GROUP BY tastes.customer_id, tastes.price_band
),
chosen_new AS (
  SELECT
    of_groups.customer_id,
    fresh.item_id,
    fresh.group_id,
    (of_groups.orders + COALESCE(of_brands.orders, 0) + COALESCE(of_bands.orders, 0)) / (3 * taste_totals.orders)
      AS affinity
  FROM of_groups
  JOIN fresh
    ON fresh.group_id = of_groups.group_id
  JOIN taste_totals
    ON taste_totals.customer_id = of_groups.customer_id
  LEFT JOIN of_brands
    ON of_brands.customer_id = of_groups.customer_id AND of_brands.brand = fresh.brand
  LEFT JOIN of_bands
    ON of_bands.customer_id = of_groups.customer_id AND of_bands.price_band = fresh.price_band
  LEFT JOIN client_items
    ON client_items.customer_id = of_groups.customer_id AND client_items.item_id = fresh.item_id
  WHERE client_items.item_id IS NULL
  QUALIFY ROW_NUMBER() OVER (PARTITION BY of_groups.customer_id ORDER BY affinity DESC, fresh.item_id)
    <= FLOOR(ROUND(@new_item_share * @discoveries_per_client, 6))
),
unscaled AS (
  SELECT
    customer_id,
    item_id,
    'repurchase' AS kind,
    ROUND(GREATEST(share_of_orders * lateness * due, seasonal) * IF(trends, 1 + @trend_boost, 1), 6) AS score,
    CONCAT(
      'bought in ', CAST(orders AS STRING), ' of ', CAST(all_orders AS STRING), ' orders, last ',
      CASE
        WHEN @days_between_orders IS NOT NULL AND days_since = 0 THEN 'in the newest'
        WHEN @days_between_orders IS NOT NULL
          THEN CONCAT(CAST(DIV(days_since, @days_between_orders) AS STRING), ' before the newest')
        WHEN days_since = 0 THEN 'today'
        WHEN days_since = 1 THEN 'yesterday'
        ELSE CONCAT(CAST(days_since AS STRING), ' days ago')
      END,
      IF(seasonal > share_of_orders * lateness * due, '; as at this time of last year', ''),
      IF(trends, '; trending', '')
    ) AS reason,
    FALSE AS is_placed
  FROM repurchases
  UNION ALL
  SELECT
    unknown.customer_id,
    unknown.item_id,
    'discovery',
    ROUND(
      (unknown.neighbour_share + 0.1 * COALESCE(buyers.clients, 0) / everybody.clients)
        * IF(sold.is_trending AND active.version <> 'v31', 1 + @trend_boost, 1),
      6
    ),
    CONCAT(
      CASE
        WHEN unknown.neighbours > 0
          THEN CONCAT('bought by ', CAST(unknown.neighbours AS STRING), ' of the similar clients')
        WHEN unknown.new_item > 0 THEN 'of a kind that it buys, and nobody bought it yet'
        WHEN unknown.neighbours_slow_cosine > 0 THEN 'bought by similar clients'
        WHEN unknown.transitions > 0 THEN 'often ordered after what it had lately'
        ELSE CONCAT(
          'bought by ', CAST(COALESCE(buyers.clients, 0) AS STRING), ' of ', CAST(everybody.clients AS STRING), ' clients'
        )
      END,
      IF(sold.is_trending AND active.version <> 'v31', '; trending', '')
    ),
    FALSE
  FROM replenishment_candidates AS unknown
  JOIN active
    ON active.customer_id = unknown.customer_id AND active.discovers
  JOIN sold
    ON sold.item_id = unknown.item_id
  CROSS JOIN everybody
  LEFT JOIN buyers
    ON buyers.item_id = unknown.item_id
  LEFT JOIN chosen_new
    ON chosen_new.customer_id = unknown.customer_id AND chosen_new.item_id = unknown.item_id
  WHERE unknown.kind = 'discovery' AND chosen_new.item_id IS NULL
  UNION ALL
  SELECT customer_id, item_id, 'discovery', ROUND(2 + affinity, 6), CONCAT('new in ', group_id), TRUE
  FROM chosen_new
)
SELECT
  @as_of AS as_of,
  unscaled.customer_id,
  unscaled.item_id,
  unscaled.kind,
  COALESCE(ignored.factor, 1) * CASE
    WHEN active.digest IS NULL OR unscaled.is_placed THEN unscaled.score
    WHEN by_model.raw IS NULL THEN 0.01 * unscaled.score / (1 + unscaled.score)
    ELSE 0.505 + 0.495 * by_model.raw / (1 + ABS(by_model.raw))
  END AS score,
  CONCAT(
    unscaled.reason,
    COALESCE(CONCAT('; shown in ', CAST(ignored.weeks_ignored AS STRING), ' weeks and ignored'), '')
  ) AS reason,
  COALESCE(active.digest, IF(active.version = 'v4', 'v32', active.version)) AS scored_by,
  active.version
FROM unscaled
JOIN active
  ON active.customer_id = unscaled.customer_id
LEFT JOIN model_scores AS by_model
  ON by_model.customer_id = unscaled.customer_id AND by_model.item_id = unscaled.item_id
LEFT JOIN ignored_items AS ignored
  ON ignored.customer_id = unscaled.customer_id AND ignored.item_id = unscaled.item_id
