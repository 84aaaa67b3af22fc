-- Offers are redeemed by customers whom the company knows. A failure means that redemptions and customers write their
-- ids differently (1.0 and 1), so that nothing is known of what customers redeem: nothing of the day is published.
-- table: customers
-- of: redemptions
-- severity: error
-- tolerance: @unknown_tolerance
-- remedy: Write redemptions.customer_id and customers.customer_id alike in both feeds, or raise unknown_tolerance.
-- look-back: redemptions 1
SELECT order_id, customer_id
FROM redemptions
WHERE customer_id NOT IN (SELECT customer_id FROM customers)
  AND (SELECT COUNT(*) FROM redemptions) >= @unknown_minimum
