-- The first offer is the most likely to be redeemed, and so on. A failure means that lists do not open with the best
-- offer, and that rank tells nothing when results are read.
-- table: offer_recommendations
-- severity: error
SELECT above.customer_id, below.rank, above.score AS score_before, below.score
FROM offer_recommendations AS above
JOIN offer_recommendations AS below
  ON below.customer_id = above.customer_id AND below.rank = above.rank + 1
WHERE below.score > above.score
