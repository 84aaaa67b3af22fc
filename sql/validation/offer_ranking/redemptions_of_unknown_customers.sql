-- Offers are redeemed by customers whom the company knows. A failure means that redemptions and customers write their
-- ids differently (1.0 and 1), so that nothing is known of what customers redeem: nothing of the day is published.
-- table: customers
-- of: redemptions
-- severity: error
-- tolerance: @unknown_tolerance
-- remedy: Write redemptions.customer_id and customers.customer_id alike in both feeds, or raise unknown_tolerance.
-- look-back: redemptions 1
WITH unknown AS (
  SELECT order_id, customer_id
  FROM redemptions
  WHERE customer_id NOT IN (SELECT customer_id FROM customers)
),
counted AS (
  SELECT
    (SELECT COUNT(*) FROM unknown) AS unknown_rows,
    (SELECT COUNT(*) FROM redemptions) AS all_rows
)
SELECT unknown.order_id, unknown.customer_id
FROM unknown
CROSS JOIN counted
-- Few rows say nothing, unless not one of them is known.
WHERE counted.all_rows >= @unknown_minimum
  OR (counted.all_rows >= 5 AND counted.unknown_rows = counted.all_rows)
