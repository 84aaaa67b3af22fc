-- One row when an offer is a candidate of a customer: what speaks for it.
-- given: @customer, @offer
SELECT generators
FROM offer_candidates
WHERE customer_id = @customer AND offer_id = @offer
