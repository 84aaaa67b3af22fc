-- One row per customer and rank: the offers to show, the most likely to be redeemed first, under the business rules.
-- Among the offers that the rules leave, the chance of redemption alone decides.
--
-- 1. Of several offers on one item, the most likely stands for the item.
-- 2. No more than @max_per_category offers of a category. Items of unknown category are not alike and do not compete
--    for these places.
-- 3. @min_own_brand_share of the places is reserved for the most likely offers of the company's own brand, as far as
--    the customer has such candidates. Where the cap on categories and the own brand conflict, the cap wins.
--
-- What was shown week after week and ignored steps back: its chance is multiplied by its factor
-- (ignored_recommendations), unless the customer redeemed it.
--
-- The margin floor is kept by offer_candidates: what is below it is never scored.
WITH stepping_back AS (
  SELECT ignored.customer_id, ignored.item_id AS offer_id, ignored.factor
  FROM ignored_recommendations AS ignored
  JOIN candidate_features
    ON candidate_features.customer_id = ignored.customer_id AND candidate_features.offer_id = ignored.item_id
  WHERE candidate_features.times_redeemed = 0
),
chances AS (
  SELECT
    offer_scores.customer_id,
    offer_scores.offer_id,
    offer_scores.probability * COALESCE(stepping_back.factor, 1) AS probability,
    offer_scores.probability AS own_probability,
    offer_scores.scored_by
  FROM offer_scores
  LEFT JOIN stepping_back
    ON stepping_back.customer_id = offer_scores.customer_id AND stepping_back.offer_id = offer_scores.offer_id
),
scored AS (
  SELECT
    chances.customer_id,
    chances.offer_id,
    chances.probability,
    COALESCE(candidate_features.is_own_brand, FALSE) AS is_own_brand,
    IF(
      candidate_features.category = 'unknown',
      CONCAT('? ', COALESCE(candidate_features.item_id, candidate_features.offer_id)),
      candidate_features.category
    ) AS alike,
    ROW_NUMBER() OVER (
      PARTITION BY chances.customer_id, COALESCE(candidate_features.item_id, CONCAT('? ', chances.offer_id))
      ORDER BY chances.probability DESC, chances.offer_id
    ) AS place_of_item
  FROM chances
  JOIN candidate_features
    ON candidate_features.customer_id = chances.customer_id
    AND candidate_features.offer_id = chances.offer_id
),
items AS (
  SELECT
    *,
    ROW_NUMBER() OVER (
      PARTITION BY customer_id, alike, is_own_brand ORDER BY probability DESC, offer_id
    ) AS place_in_brand
  FROM scored
  WHERE place_of_item = 1
),
-- Behind so many better ones of the same brand and category none gets a place, so only the first of them are looked at.
possible AS (
  SELECT
    *,
    -- 0.07 of 100 places are 7, and a little more in floating point.
    is_own_brand AND ROW_NUMBER() OVER (
      PARTITION BY customer_id, is_own_brand ORDER BY probability DESC, offer_id
    ) <= CEIL(ROUND(@min_own_brand_share * @recommendations_per_customer, 6)) AS is_kept
  FROM items
  WHERE place_in_brand <= @max_per_category
),
capped AS (
  SELECT
    *,
    ROW_NUMBER() OVER (
      PARTITION BY customer_id, alike ORDER BY is_kept DESC, probability DESC, offer_id
    ) AS place_in_category
  FROM possible
),
filled AS (
  SELECT
    *,
    ROW_NUMBER() OVER (PARTITION BY customer_id ORDER BY is_kept DESC, probability DESC, offer_id) AS place
  FROM capped
  WHERE place_in_category <= @max_per_category
),
chosen AS (
  SELECT
    customer_id,
    offer_id,
    ROW_NUMBER() OVER (PARTITION BY customer_id ORDER BY probability DESC, offer_id) AS rank
  FROM filled
  WHERE place <= @recommendations_per_customer
)
SELECT
  @as_of AS as_of,
  chosen.customer_id,
  chosen.rank,
  chosen.offer_id,
  candidate_features.item_id,
  candidate_features.category,
  COALESCE(candidate_features.is_own_brand, FALSE) AS is_own_brand,
  candidate_features.discount_depth AS discount,
  catalog.price,
  DATE_ADD(@as_of, INTERVAL candidate_features.days_until_expiry DAY) AS ends_on,
  chances.probability AS score,
  chances.own_probability * candidate_features.unit_margin AS expected_margin,
  CASE
    WHEN STRPOS(offer_candidates.generators, 'bought_before') > 0 THEN 'bought before'
    WHEN STRPOS(offer_candidates.generators, 'category_affinity') > 0
      THEN CONCAT('buys ', candidate_features.category)
    WHEN STRPOS(offer_candidates.generators, 'business_type') > 0
      THEN COALESCE(CONCAT('popular with ', candidate_features.business_type, ' customers'), 'popular with customers')
    ELSE 'new offer'
  END AS reason,
  chances.scored_by,
  @pipeline_version AS pipeline_version,
  TIMESTAMP(@as_of) AS generated_at
FROM chosen
JOIN chances
  ON chances.customer_id = chosen.customer_id AND chances.offer_id = chosen.offer_id
JOIN candidate_features
  ON candidate_features.customer_id = chosen.customer_id AND candidate_features.offer_id = chosen.offer_id
JOIN offer_candidates
  ON offer_candidates.customer_id = chosen.customer_id AND offer_candidates.offer_id = chosen.offer_id
LEFT JOIN catalog
  ON catalog.item_id = candidate_features.item_id
