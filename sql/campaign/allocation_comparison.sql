-- One row per figure of the comparison of the day's treatment shares with what is live: how traffic would move between
-- treatments if they were published. Guardrails judge it, and a person who approves it approves these figures.
--
-- A segment that only one side lists is compared with the other side's shares of (all), which is what its customers get
-- there. Shares are taken as whole millionths, so that a sum is the same in whatever order rows are read.
WITH listed AS (
  SELECT segment, MAX(is_live) AS is_live, MAX(is_new) AS is_new
  FROM (
    SELECT segment, 1 AS is_live, 0 AS is_new FROM live_treatment_allocation
    UNION ALL
    SELECT segment, 0, 1 FROM treatment_allocation
  ) AS both_sides
  GROUP BY segment
),
before AS (
  SELECT listed.segment, live.treatment_id, live.share
  FROM listed
  JOIN live_treatment_allocation AS live
    ON live.segment = IF(listed.is_live = 1, listed.segment, '(all)')
),
after AS (
  SELECT listed.segment, proposed.treatment_id, proposed.share
  FROM listed
  JOIN treatment_allocation AS proposed
    ON proposed.segment = IF(listed.is_new = 1, listed.segment, '(all)')
),
pairs AS (
  SELECT
    COALESCE(before.segment, after.segment) AS segment,
    COALESCE(before.treatment_id, after.treatment_id) AS treatment_id,
    before.share AS before,
    after.share AS after,
    CAST(ROUND(1000000 * COALESCE(after.share, 0)) AS INT64)
      - CAST(ROUND(1000000 * COALESCE(before.share, 0)) AS INT64) AS millionths
  FROM before
  FULL JOIN after
    ON after.segment = before.segment
    AND after.treatment_id = before.treatment_id
),
segments AS (
  SELECT
    segment,
    COUNT(before) AS before,
    COUNT(after) AS after,
    COUNT(IF(millionths <> 0, 1, NULL)) AS changed,
    -- What one treatment loses another one gains, so half of all changes is the traffic that moves.
    IF(COUNT(before) = 0 OR COUNT(after) = 0, NULL, SUM(ABS(millionths)) / 2000000) AS moved
  FROM pairs
  GROUP BY segment
),
treatments AS (
  SELECT treatment_id, MAX(is_live) AS is_live, MAX(is_new) AS is_new
  FROM (
    SELECT treatment_id, 1 AS is_live, 0 AS is_new FROM live_treatment_allocation
    UNION ALL
    SELECT treatment_id, 0, 1 FROM treatment_allocation
  ) AS both_sides
  GROUP BY treatment_id
),
totals AS (
  SELECT
    COUNT(IF(is_live = 1, 1, NULL)) AS before,
    COUNT(IF(is_new = 1, 1, NULL)) AS after,
    COUNT(IF(is_live = is_new, 1, NULL)) AS kept
  FROM treatments
),
largest AS (
  SELECT pairs.segment, pairs.treatment_id, pairs.before, pairs.after, pairs.millionths
  FROM pairs
  JOIN segments
    ON segments.segment = pairs.segment
  WHERE pairs.millionths <> 0 AND segments.moved IS NOT NULL
  ORDER BY ABS(pairs.millionths) DESC, pairs.segment, pairs.treatment_id
  LIMIT 20
)
SELECT
  @as_of AS as_of,
  'treatments' AS section,
  kinds.name,
  CASE kinds.name
    WHEN 'kept' THEN totals.kept
    WHEN 'added' THEN totals.after - totals.kept
    ELSE totals.before - totals.kept
  END AS count,
  -- Those added are a share of the day's treatments, the others of the live ones.
  CASE kinds.name
    WHEN 'kept' THEN SAFE_DIVIDE(totals.kept, totals.before)
    WHEN 'added' THEN SAFE_DIVIDE(totals.after - totals.kept, totals.after)
    ELSE SAFE_DIVIDE(totals.before - totals.kept, totals.before)
  END AS share,
  CAST(totals.before AS FLOAT64) AS before,
  CAST(totals.after AS FLOAT64) AS after,
  CAST(NULL AS STRING) AS detail
FROM totals
CROSS JOIN (SELECT name FROM UNNEST(['kept', 'added', 'removed']) AS name) AS kinds
UNION ALL
SELECT @as_of, 'shares', treatment_id, NULL, millionths / 1000000, before, after, NULL
FROM pairs
WHERE segment = '(all)'
UNION ALL
SELECT
  @as_of, 'segment_moves', segments.segment, segments.changed, segments.moved,
  CAST(segments.before AS FLOAT64), CAST(segments.after AS FLOAT64),
  CASE
    WHEN listed.is_live = listed.is_new THEN NULL
    WHEN segments.moved IS NULL THEN IF(listed.is_live = 0, 'new', 'gone')
    WHEN listed.is_live = 0 THEN 'new; against the live shares of (all)'
    ELSE 'gone; against the new shares of (all)'
  END
FROM segments
JOIN listed
  ON listed.segment = segments.segment
UNION ALL
SELECT
  @as_of, 'largest_moves', CONCAT(segment, ': ', treatment_id), NULL, millionths / 1000000, before, after, NULL
FROM largest
