-- While there are offers that still run on the day after, nearly every customer has candidates. A customer has none if
-- they never bought anything, nobody like them redeems, and no offer is new; many such customers mean that purchases
-- and redemptions do not arrive.
-- table: offer_candidates
-- of: customers
-- severity: warn
-- tolerance: @max_customers_without_candidates
SELECT customers.customer_id, customers.business_type
FROM customers
LEFT JOIN (SELECT DISTINCT customer_id FROM offer_candidates) AS found
  ON found.customer_id = customers.customer_id
WHERE found.customer_id IS NULL
  AND EXISTS (SELECT 1 FROM offers WHERE starts_on <= DATE_ADD(@as_of, INTERVAL 1 DAY) AND ends_on > @as_of)
