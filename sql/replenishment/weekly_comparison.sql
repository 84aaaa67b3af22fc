-- One row per figure of the comparison of the day's weekly lists with those that are live: what would change for clients
-- if they were published. Guardrails judge it, and a person who approves it approves these figures.
--
-- It is shown what is live when it runs, so it is history only until the next publication.
--
-- A list changes with what clients order: what a client has bought since its live list was made is not due, and what is
-- discontinued cannot stay. So only live items that could stay tell how much a day changes.
WITH served AS (
  SELECT customer_id, MAX(was) AS was, MAX(is_now) AS is_now
  FROM (
    SELECT customer_id, 1 AS was, 0 AS is_now FROM live_weekly_recommendations
    UNION ALL
    SELECT customer_id, 0, 1 FROM weekly_recommendations
  ) AS both_sides
  GROUP BY customer_id
),
totals AS (
  SELECT
    COUNT(IF(was = 1, 1, NULL)) AS before,
    COUNT(IF(is_now = 1, 1, NULL)) AS after,
    COUNT(IF(was = is_now, 1, NULL)) AS common
  FROM served
),
lost AS (
  SELECT
    CASE
      WHEN unserved_clients.customer_id IS NOT NULL THEN unserved_clients.reason
      WHEN client_profiles.customer_id IS NULL THEN 'no orders in the history'
      ELSE 'not active'
    END AS cause
  FROM served
  LEFT JOIN unserved_clients
    ON unserved_clients.customer_id = served.customer_id
  LEFT JOIN client_profiles
    ON client_profiles.customer_id = served.customer_id
  WHERE served.was = 1 AND served.is_now = 0
),
live_items AS (
  SELECT
    live.item_id,
    live.kind,
    CASE
      WHEN today.item_id IS NOT NULL THEN 'kept'
      WHEN client_items.last_ordered_on > live.as_of THEN 'bought'
      WHEN COALESCE(product_trends.is_discontinued, TRUE) THEN 'discontinued'
      ELSE 'replaced'
    END AS fate
  FROM live_weekly_recommendations AS live
  JOIN served
    ON served.customer_id = live.customer_id AND served.is_now = 1
  LEFT JOIN weekly_recommendations AS today
    ON today.customer_id = live.customer_id AND today.item_id = live.item_id
  LEFT JOIN client_items
    ON client_items.customer_id = live.customer_id AND client_items.item_id = live.item_id
  LEFT JOIN product_trends
    ON product_trends.item_id = live.item_id
),
added_items AS (
  SELECT today.item_id, today.kind
  FROM weekly_recommendations AS today
  JOIN served
    ON served.customer_id = today.customer_id AND served.was = 1
  LEFT JOIN live_weekly_recommendations AS live
    ON live.customer_id = today.customer_id AND live.item_id = today.item_id
  WHERE live.item_id IS NULL
),
kinds AS (
  SELECT 'repurchase' AS kind, 'repurchases' AS section
  UNION ALL
  SELECT 'discovery', 'discoveries'
),
of_kinds AS (
  SELECT
    kinds.section,
    (SELECT COUNT(*) FROM added_items WHERE added_items.kind = kinds.kind) AS added,
    COUNT(IF(live_items.fate = 'kept', 1, NULL)) AS kept,
    COUNT(IF(live_items.fate = 'bought', 1, NULL)) AS bought,
    COUNT(IF(live_items.fate = 'discontinued', 1, NULL)) AS discontinued,
    COUNT(IF(live_items.fate = 'replaced', 1, NULL)) AS replaced,
    COUNT(live_items.fate) AS of_all
  FROM kinds
  LEFT JOIN live_items
    ON live_items.kind = kinds.kind
  GROUP BY kinds.section, kinds.kind
),
-- Summed as whole millionths, so that an average is the same in whatever order rows are read.
sums AS (
  SELECT
    'before' AS side,
    COUNT(*) AS items,
    COUNT(DISTINCT customer_id) AS clients,
    COUNT(IF(kind = 'repurchase', 1, NULL)) AS repurchases,
    COUNT(IF(kind = 'discovery', 1, NULL)) AS discoveries,
    SUM(IF(kind = 'repurchase', CAST(ROUND(1000000 * score) AS INT64), 0)) AS repurchase_score,
    SUM(IF(kind = 'discovery', CAST(ROUND(1000000 * score) AS INT64), 0)) AS discovery_score,
    MIN(version) AS first_version,
    MAX(version) AS last_version
  FROM live_weekly_recommendations
  UNION ALL
  SELECT
    'after',
    COUNT(*),
    COUNT(DISTINCT customer_id),
    COUNT(IF(kind = 'repurchase', 1, NULL)),
    COUNT(IF(kind = 'discovery', 1, NULL)),
    SUM(IF(kind = 'repurchase', CAST(ROUND(1000000 * score) AS INT64), 0)),
    SUM(IF(kind = 'discovery', CAST(ROUND(1000000 * score) AS INT64), 0)),
    MIN(version),
    MAX(version)
  FROM weekly_recommendations
),
each_side AS (
  SELECT
    side,
    [
      STRUCT('repurchase score' AS name, repurchase_score AS total, 1000000 * repurchases AS of_all),
      STRUCT('discovery score' AS name, discovery_score AS total, 1000000 * discoveries AS of_all),
      STRUCT('discovery share' AS name, 1000000 * discoveries AS total, 1000000 * items AS of_all),
      STRUCT('items per client' AS name, 1000000 * items AS total, 1000000 * clients AS of_all)
    ] AS figures
  FROM sums
),
averages AS (
  SELECT
    figure.name,
    MAX(IF(each_side.side = 'before', SAFE_DIVIDE(figure.total, figure.of_all), NULL)) AS before,
    MAX(IF(each_side.side = 'after', SAFE_DIVIDE(figure.total, figure.of_all), NULL)) AS after
  FROM each_side
  CROSS JOIN UNNEST(each_side.figures) AS figure
  GROUP BY figure.name
),
-- An experiment has lists of several versions.
named AS (
  SELECT
    side,
    IF(first_version = last_version, first_version, CONCAT(first_version, ' to ', last_version)) AS version
  FROM sums
),
versions AS (
  SELECT
    MAX(IF(side = 'before', version, NULL)) AS before,
    MAX(IF(side = 'after', version, NULL)) AS after
  FROM named
),
moves AS (
  SELECT 'replaced' AS section, item_id, COUNT(*) AS clients
  FROM live_items
  WHERE fate = 'replaced'
  GROUP BY item_id
  UNION ALL
  SELECT 'added', item_id, COUNT(*)
  FROM added_items
  GROUP BY item_id
),
largest_moves AS (
  SELECT section, item_id, clients
  FROM moves
  QUALIFY ROW_NUMBER() OVER (PARTITION BY section ORDER BY clients DESC, item_id) <= 20
),
figures AS (
  SELECT
    'customers' AS section,
    names.name,
    CASE names.name
      WHEN 'common' THEN totals.common
      WHEN 'gained' THEN totals.after - totals.common
      ELSE totals.before - totals.common
    END AS count,
    -- Those gained are a share of the day's clients, the others of the live ones.
    IF(names.name = 'gained', totals.after, totals.before) AS of_all,
    CAST(totals.before AS FLOAT64) AS before,
    CAST(totals.after AS FLOAT64) AS after,
    CAST(NULL AS STRING) AS detail
  FROM totals
  CROSS JOIN (SELECT name FROM UNNEST(['common', 'gained', 'lost']) AS name) AS names
  UNION ALL
  SELECT 'lost_because', lost.cause, COUNT(*), MAX(totals.before - totals.common), NULL, NULL, NULL
  FROM lost
  CROSS JOIN totals
  GROUP BY lost.cause
  UNION ALL
  SELECT
    of_kinds.section,
    fates.fate,
    CASE fates.fate
      WHEN 'kept' THEN of_kinds.kept
      WHEN 'replaced' THEN of_kinds.replaced
      WHEN 'bought' THEN of_kinds.bought
      WHEN 'discontinued' THEN of_kinds.discontinued
      ELSE of_kinds.added
    END,
    -- Those kept and replaced are a share of the live ones that could stay, the others of all live ones.
    IF(fates.fate IN ('kept', 'replaced'), of_kinds.kept + of_kinds.replaced, of_kinds.of_all),
    NULL,
    NULL,
    NULL
  FROM of_kinds
  CROSS JOIN (SELECT fate FROM UNNEST(['kept', 'replaced', 'bought', 'discontinued', 'added']) AS fate) AS fates
  UNION ALL
  SELECT
    largest_moves.section, largest_moves.item_id, largest_moves.clients, totals.common, NULL, NULL,
    product_trends.group_id
  FROM largest_moves
  CROSS JOIN totals
  LEFT JOIN product_trends
    ON product_trends.item_id = largest_moves.item_id
)
SELECT @as_of AS as_of, section, name, count, SAFE_DIVIDE(count, of_all) AS share, before, after, detail
FROM figures
UNION ALL
SELECT
  @as_of, 'averages', averages.name, NULL, ROUND(SAFE_DIVIDE(averages.after, averages.before) - 1, 6),
  averages.before, averages.after,
  IF(versions.before <> versions.after, CONCAT(versions.before, ' -> ', versions.after), NULL)
FROM averages
CROSS JOIN versions
