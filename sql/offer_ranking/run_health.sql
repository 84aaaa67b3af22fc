-- One row: counters that tell a healthy run with few rows from a broken one. A day without running offers rightly
-- writes no recommendations; a day with offers but no recommendations is broken.
--
-- Active are the offers that run on the day after, when lists are shown, as in offer_candidates.
-- earlier: recommended_before = offer_recommendations latest
WITH written AS (
  SELECT
    COUNT(*) AS recommendations,
    COUNT(DISTINCT offer_recommendations.customer_id) AS customers,
    COUNT(DISTINCT offer_recommendations.offer_id) AS offers,
    MIN(offer_recommendations.scored_by) AS scored_by,
    COUNT(IF(STRPOS(offer_candidates.generators, 'bought_before') > 0, 1, NULL)) AS bought_before,
    COUNT(IF(STRPOS(offer_candidates.generators, 'category_affinity') > 0, 1, NULL)) AS category_affinity,
    COUNT(IF(STRPOS(offer_candidates.generators, 'business_type') > 0, 1, NULL)) AS business_type,
    COUNT(IF(STRPOS(offer_candidates.generators, 'new_offer') > 0, 1, NULL)) AS new_offer
  FROM offer_recommendations
  LEFT JOIN offer_candidates
    ON offer_candidates.customer_id = offer_recommendations.customer_id
    AND offer_candidates.offer_id = offer_recommendations.offer_id
),
pool AS (
  SELECT COUNT(*) AS candidates, COUNT(DISTINCT customer_id) AS customers FROM offer_candidates
)
SELECT
  @as_of AS as_of,
  (SELECT COUNT(DISTINCT offer_id) FROM offers WHERE starts_on <= DATE_ADD(@as_of, INTERVAL 1 DAY) AND ends_on > @as_of) AS active_offers,
  pool.candidates,
  pool.customers AS candidate_customers,
  written.recommendations,
  -- Where the company lists no customers, those who have candidates are all that there are.
  (SELECT IF(COUNT(*) > 0, COUNT(*), pool.customers) FROM customers) AS customers,
  written.customers AS customers_reached,
  written.offers AS offers_recommended,
  written.scored_by,
  SAFE_DIVIDE(written.bought_before, written.recommendations) AS from_bought_before,
  SAFE_DIVIDE(written.category_affinity, written.recommendations) AS from_category_affinity,
  SAFE_DIVIDE(written.business_type, written.recommendations) AS from_business_type,
  SAFE_DIVIDE(written.new_offer, written.recommendations) AS from_new_offer,
  -- Nobody was reached when there were no offers, or when nothing ran: neither is anything to be held against.
  (SELECT NULLIF(COUNT(DISTINCT customer_id), 0) FROM recommended_before) AS previous_customers_reached
FROM written
CROSS JOIN pool
