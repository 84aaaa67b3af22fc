-- Offers are shown to customers whom the company knows. A failure means that impressions and customers write their
-- ids differently (1.0 and 1), so that nothing is known of what customers see: nothing of the day is published.
-- table: customers
-- of: impressions
-- severity: error
-- tolerance: @unknown_tolerance
-- remedy: Write impressions.customer_id and customers.customer_id alike in both feeds, or raise unknown_tolerance.
-- look-back: impressions 1
SELECT impression_id, customer_id
FROM impressions
WHERE customer_id NOT IN (SELECT customer_id FROM customers)
  AND (SELECT COUNT(*) FROM impressions) >= @unknown_minimum
