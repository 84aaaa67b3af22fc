-- Some of what was ever ordered is still sold, itself or as the variant of an item that is (RA003B of RA003). A
-- failure means that order_history and catalog write their ids differently (1.0 and 1), so that past orders make no
-- part popular: nothing of the day is published.
-- table: order_history
-- severity: error
-- tolerance: 0.95
-- remedy: Write order_history.item_id and catalog.item_id alike in both feeds.
SELECT order_line_id, item_id
FROM order_history
WHERE item_id NOT IN (SELECT item_id FROM catalog)
  AND REGEXP_REPLACE(item_id, r'([0-9])[BRGP]$', r'\1') NOT IN (SELECT item_id FROM catalog)
  AND (SELECT COUNT(*) FROM order_history) >= @unknown_minimum
