-- The cells of the funnel add up to its total, step by step: every message stands in one cell. A failure means that
-- figures of a campaign or treatment cannot be compared with the whole.
-- table: campaign_funnel
-- severity: error
WITH summed AS (
  SELECT
    step,
    SUM(IF(level = 'cell', sends, 0)) AS in_cells,
    SUM(IF(level = 'total', sends, 0)) AS in_total
  FROM campaign_funnel
  GROUP BY step
)
SELECT step, in_cells, in_total
FROM summed
WHERE in_cells <> in_total
