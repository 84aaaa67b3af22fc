-- Some of what was ever ordered is still sold, itself or as the variant of an item that is (RA003B of RA003). A
-- failure means that order_history and catalog write their ids differently (1.0 and 1), so that past orders make no
-- part popular: nothing of the day is published.
-- table: order_history
-- severity: error
-- tolerance: 0.95
-- remedy: Write order_history.item_id and catalog.item_id alike in both feeds.
WITH unknown AS (
  SELECT order_line_id, item_id
  FROM order_history
  WHERE item_id NOT IN (SELECT item_id FROM catalog)
    AND REGEXP_REPLACE(item_id, r'([0-9])[BRGP]$', r'\1') NOT IN (SELECT item_id FROM catalog)
),
counted AS (
  SELECT
    (SELECT COUNT(*) FROM unknown) AS unknown_rows,
    (SELECT COUNT(*) FROM order_history) AS all_rows
)
SELECT unknown.order_line_id, unknown.item_id
FROM unknown
CROSS JOIN counted
-- Few rows say nothing, unless not one of them is known.
WHERE counted.all_rows >= @unknown_minimum
  OR (counted.all_rows >= 5 AND counted.unknown_rows = counted.all_rows)
