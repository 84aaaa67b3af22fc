-- Every recommended offer runs on the day after, from which the lists are shown. A failure means that customers are
-- shown what they cannot have.
-- table: offer_recommendations
-- severity: error
SELECT offer_recommendations.customer_id, offer_recommendations.rank, offer_recommendations.offer_id
FROM offer_recommendations
LEFT JOIN offers
  ON offers.offer_id = offer_recommendations.offer_id
  AND offers.starts_on <= DATE_ADD(@as_of, INTERVAL 1 DAY) AND offers.ends_on > @as_of
WHERE offers.offer_id IS NULL
