-- One row per figure of the comparison of the day's offers with those that are live: what would change for customers if
-- they were published. Guardrails judge it, and a person who approves it approves these figures.
--
-- It is shown what is live when it runs, so it is history only until the next publication.
--
-- An offer that has ended is replaced whatever the scores say, so only live offers that still run tell how much a day
-- changes. The day's lists are shown from the day after, so an offer that ends on the day has ended by then. One that
-- still runs by its published terms and is missing from the day's offers counts as changed: a feed that lost offers
-- shows there.
WITH served AS (
  SELECT customer_id, MAX(was) AS was, MAX(is_now) AS is_now
  FROM (
    SELECT customer_id, 1 AS was, 0 AS is_now FROM live_offer_recommendations
    UNION ALL
    SELECT customer_id, 0, 1 FROM offer_recommendations
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
      WHEN customers.customer_id IS NULL THEN 'left'
      WHEN candidates.customer_id IS NULL THEN 'no candidates'
      ELSE 'ruled out'
    END AS cause
  FROM served
  LEFT JOIN customers
    ON customers.customer_id = served.customer_id
  LEFT JOIN (SELECT DISTINCT customer_id FROM offer_candidates) AS candidates
    ON candidates.customer_id = served.customer_id
  WHERE served.was = 1 AND served.is_now = 0
),
running AS (
  SELECT DISTINCT offer_id FROM offers WHERE starts_on <= DATE_ADD(@as_of, INTERVAL 1 DAY) AND ends_on > @as_of
),
live_lists AS (
  SELECT
    live_offer_recommendations.customer_id,
    live_offer_recommendations.offer_id,
    live_offer_recommendations.item_id,
    live_offer_recommendations.category,
    live_offer_recommendations.rank AS rank_before,
    today.rank AS rank_after,
    CAST(ROUND(1000000 * live_offer_recommendations.score) AS INT64) AS millionths,
    CASE
      WHEN today.offer_id IS NOT NULL THEN 'kept'
      WHEN live_offer_recommendations.ends_on <= @as_of THEN 'ended'
      WHEN running.offer_id IS NULL THEN 'withdrawn'
      ELSE 'replaced'
    END AS fate
  FROM live_offer_recommendations
  JOIN served
    ON served.customer_id = live_offer_recommendations.customer_id AND served.is_now = 1
  LEFT JOIN offer_recommendations AS today
    ON today.customer_id = live_offer_recommendations.customer_id
    AND today.offer_id = live_offer_recommendations.offer_id
  LEFT JOIN running
    ON running.offer_id = live_offer_recommendations.offer_id
),
-- How far the offers that stay have moved among themselves: 0 when their order is the same, and the greatest possible
-- when it is turned round. What comes or goes between them moves none of them.
places AS (
  SELECT
    customer_id,
    ROW_NUMBER() OVER (PARTITION BY customer_id ORDER BY rank_before) AS place_before,
    ROW_NUMBER() OVER (PARTITION BY customer_id ORDER BY rank_after) AS place_after
  FROM live_lists
  WHERE fate = 'kept'
),
moves AS (
  SELECT SUM(places_moved) AS moved, SUM(greatest_possible) AS greatest_possible
  FROM (
    SELECT
      SUM(ABS(place_before - place_after)) AS places_moved,
      DIV(COUNT(*) * COUNT(*), 2) AS greatest_possible
    FROM places
    GROUP BY customer_id
  ) AS of_customers
),
day_lists AS (
  SELECT
    today.offer_id,
    today.item_id,
    today.category,
    CAST(ROUND(1000000 * today.score) AS INT64) AS millionths,
    IF(before.offer_id IS NULL, 1, 0) AS is_added
  FROM offer_recommendations AS today
  JOIN served
    ON served.customer_id = today.customer_id AND served.was = 1
  LEFT JOIN live_offer_recommendations AS before
    ON before.customer_id = today.customer_id AND before.offer_id = today.offer_id
),
list_totals AS (
  SELECT
    COUNT(IF(fate = 'kept', 1, NULL)) AS kept,
    COUNT(IF(fate = 'replaced', 1, NULL)) AS replaced,
    COUNT(IF(fate = 'withdrawn', 1, NULL)) AS withdrawn,
    COUNT(IF(fate = 'ended', 1, NULL)) AS ended,
    COUNT(IF(fate <> 'ended', 1, NULL)) AS running,
    COUNT(*) AS before,
    (SELECT COUNT(*) FROM day_lists) AS after,
    (SELECT COUNT(*) FROM day_lists WHERE is_added = 1) AS added
  FROM live_lists
),
-- Summed as whole millionths, so that an average is the same in whatever order rows are read.
sums AS (
  SELECT
    'before' AS version,
    COUNT(*) AS offers,
    COUNT(DISTINCT customer_id) AS customers,
    COUNT(expected_margin) AS with_margin,
    COUNT(discount) AS with_discount,
    SUM(CAST(ROUND(1000000 * score) AS INT64)) AS chance,
    SUM(CAST(ROUND(1000000 * expected_margin) AS INT64)) AS margin,
    SUM(CAST(ROUND(1000000 * discount) AS INT64)) AS discount,
    SUM(IF(is_own_brand, 1000000, 0)) AS own_brand,
    MIN(scored_by) AS scored_by
  FROM live_offer_recommendations
  UNION ALL
  SELECT
    'after',
    COUNT(*),
    COUNT(DISTINCT customer_id),
    COUNT(expected_margin),
    COUNT(discount),
    SUM(CAST(ROUND(1000000 * score) AS INT64)),
    SUM(CAST(ROUND(1000000 * expected_margin) AS INT64)),
    SUM(CAST(ROUND(1000000 * discount) AS INT64)),
    SUM(IF(is_own_brand, 1000000, 0)),
    MIN(scored_by)
  FROM offer_recommendations
),
each_version AS (
  SELECT
    version,
    [
      STRUCT('chance' AS name, chance AS total, 1000000 * offers AS of_all),
      STRUCT('expected margin' AS name, margin AS total, 1000000 * with_margin AS of_all),
      STRUCT('discount' AS name, discount AS total, 1000000 * with_discount AS of_all),
      STRUCT('own brand' AS name, own_brand AS total, 1000000 * offers AS of_all),
      STRUCT('offers per customer' AS name, 1000000 * offers AS total, 1000000 * customers AS of_all)
    ] AS figures
  FROM sums
),
averages AS (
  SELECT
    figure.name,
    MAX(IF(each_version.version = 'before', SAFE_DIVIDE(figure.total, figure.of_all), NULL)) AS before,
    MAX(IF(each_version.version = 'after', SAFE_DIVIDE(figure.total, figure.of_all), NULL)) AS after
  FROM each_version
  CROSS JOIN UNNEST(each_version.figures) AS figure
  GROUP BY figure.name
),
scorers AS (
  SELECT
    MAX(IF(version = 'before', scored_by, NULL)) AS before,
    MAX(IF(version = 'after', scored_by, NULL)) AS after
  FROM sums
),
most_replaced AS (
  SELECT
    offer_id,
    MIN(item_id) AS item_id,
    MIN(category) AS category,
    MAX(IF(fate = 'withdrawn', 1, 0)) AS is_withdrawn,
    COUNT(*) AS customers,
    SUM(millionths) AS millionths
  FROM live_lists
  WHERE fate IN ('replaced', 'withdrawn')
  GROUP BY offer_id
  ORDER BY customers DESC, offer_id
  LIMIT 20
),
outranked AS (
  SELECT
    live_lists.offer_id,
    COUNT(*) AS customers,
    SUM(CAST(ROUND(1000000 * offer_scores.probability) AS INT64)) AS millionths
  FROM live_lists
  JOIN most_replaced
    ON most_replaced.offer_id = live_lists.offer_id
  JOIN offer_scores
    ON offer_scores.customer_id = live_lists.customer_id AND offer_scores.offer_id = live_lists.offer_id
  WHERE live_lists.fate IN ('replaced', 'withdrawn')
  GROUP BY live_lists.offer_id
),
most_added AS (
  SELECT
    offer_id,
    MIN(item_id) AS item_id,
    MIN(category) AS category,
    COUNT(*) AS customers,
    SUM(millionths) AS millionths
  FROM day_lists
  WHERE is_added = 1
  GROUP BY offer_id
  ORDER BY customers DESC, offer_id
  LIMIT 20
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
  SELECT
    'lists',
    kinds.name,
    CASE kinds.name
      WHEN 'kept' THEN list_totals.kept
      WHEN 'replaced' THEN list_totals.replaced
      WHEN 'withdrawn' THEN list_totals.withdrawn
      WHEN 'ended' THEN list_totals.ended
      ELSE list_totals.added
    END,
    -- Those ended are a share of all live ones, those added of the day's, the others of the live ones that still run.
    CASE kinds.name WHEN 'ended' THEN list_totals.before WHEN 'added' THEN list_totals.after ELSE list_totals.running END,
    CAST(list_totals.before AS FLOAT64),
    CAST(list_totals.after AS FLOAT64),
    NULL
  FROM list_totals
  CROSS JOIN (SELECT name FROM UNNEST(['kept', 'replaced', 'withdrawn', 'ended', 'added']) AS name) AS kinds
  UNION ALL
  SELECT 'lists', 'moved', COALESCE(moves.moved, 0), moves.greatest_possible, NULL, NULL, NULL
  FROM moves
  UNION ALL
  SELECT
    'replaced',
    most_replaced.offer_id,
    most_replaced.customers,
    totals.common,
    SAFE_DIVIDE(most_replaced.millionths, 1000000 * most_replaced.customers),
    SAFE_DIVIDE(outranked.millionths, 1000000 * outranked.customers),
    CONCAT(
      COALESCE(CONCAT(most_replaced.item_id, ', '), ''), most_replaced.category, ': ',
      IF(
        most_replaced.is_withdrawn = 1,
        'withdrawn',
        CONCAT(
          CAST(COALESCE(outranked.customers, 0) AS STRING), ' outranked, ',
          CAST(most_replaced.customers - COALESCE(outranked.customers, 0) AS STRING), ' no candidates any more'
        )
      )
    )
  FROM most_replaced
  CROSS JOIN totals
  LEFT JOIN outranked
    ON outranked.offer_id = most_replaced.offer_id
  UNION ALL
  SELECT
    'added',
    most_added.offer_id,
    most_added.customers,
    totals.common,
    NULL,
    SAFE_DIVIDE(most_added.millionths, 1000000 * most_added.customers),
    CONCAT(COALESCE(CONCAT(most_added.item_id, ', '), ''), most_added.category)
  FROM most_added
  CROSS JOIN totals
)
SELECT @as_of AS as_of, section, name, count, SAFE_DIVIDE(count, of_all) AS share, before, after, detail
FROM figures
UNION ALL
SELECT
  @as_of, 'averages', averages.name, NULL, ROUND(SAFE_DIVIDE(averages.after, averages.before) - 1, 6),
  averages.before, averages.after,
  IF(averages.name = 'chance' AND scorers.before <> scorers.after, CONCAT(scorers.before, ' -> ', scorers.after), NULL)
FROM averages
CROSS JOIN scorers
