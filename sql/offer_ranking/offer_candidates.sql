-- One row per customer and running offer that may suit the customer, and what speaks for it. Four generators propose
-- offers: on items that the customer bought before, in the customer's favorite categories, those that the same kind of
-- business redeems most, and new ones.
--
-- A customer whose kind of business is unknown, or has redeemed nothing that runs, is shown what everybody redeems.
--
-- The generators take turns: the best of each, then the second of each. So none crowds out another, and a customer who
-- never bought anything still gets offers. Only the first @max_candidates are scored. An offer below the margin floor
-- is nobody's candidate; an item of unknown cost has no margin to compare with the floor.
--
-- A running offer is active on the day after: the day's lists are made when the day is over and shown from then on. An
-- offer on its last day would be over before anybody sees it; for a leaflet that begins tomorrow, tomorrow's lists are
-- made.
-- look-back: customer_item_days @feature_window_days
-- look-back: redemptions @feature_window_days
-- look-back: offer_days @feature_window_days
-- look-back: customer_impression_days @feature_window_days
WITH people AS (
  SELECT customer_id, business_type FROM customers
  UNION ALL
  -- Where the company lists no customers, they are those whom it showed something.
  SELECT DISTINCT customer_id, CAST(NULL AS STRING)
  FROM customer_impression_days
  WHERE (SELECT COUNT(*) FROM customers) = 0
),
running AS (
  SELECT
    offer_periods.as_of,
    offer_periods.offer_id,
    offer_periods.item_id,
    offer_periods.discount,
    offer_periods.starts_on,
    IF(goods_on_offer.category = 'unknown', NULL, goods_on_offer.category) AS category
  FROM offer_periods
  LEFT JOIN goods_on_offer
    ON goods_on_offer.offer_id = offer_periods.offer_id
  WHERE offer_periods.shown_on = DATE_ADD(@as_of, INTERVAL 1 DAY)
    AND offer_periods.starts_on <= offer_periods.shown_on
    AND offer_periods.ends_on >= offer_periods.shown_on
    -- An item must have a price, where items are known at all; of several items there is no one price.
    AND (
      goods_on_offer.price > 0 OR COALESCE(goods_on_offer.items, 0) <> 1 OR (SELECT COUNT(*) FROM catalog) = 0
    )
    AND COALESCE(
      ROUND(1 - offer_periods.discount - SAFE_DIVIDE(goods_on_offer.cost, goods_on_offer.price), 6) >= @min_margin,
      TRUE
    )
),
shown AS (
  SELECT offer_id, SUM(impressions) AS impressions, SUM(redemptions) AS redemptions FROM offer_days GROUP BY offer_id
),
everybody AS (
  SELECT COALESCE(SAFE_DIVIDE(SUM(redemptions), SUM(impressions)), 0) AS rate FROM offer_days
),
rated AS (
  SELECT
    running.*,
    (COALESCE(shown.redemptions, 0) + @rate_strength * everybody.rate)
      / (COALESCE(shown.impressions, 0) + @rate_strength) AS rate
  FROM running
  CROSS JOIN everybody
  LEFT JOIN shown
    ON shown.offer_id = running.offer_id
),
placed AS (
  SELECT
    *,
    ROW_NUMBER() OVER (PARTITION BY category ORDER BY rate DESC, COALESCE(discount, 0) DESC, offer_id) AS place_in_category
  FROM rated
),
bought AS (
  SELECT
    customer_item_days.customer_id,
    running.offer_id,
    ROW_NUMBER() OVER (
      PARTITION BY customer_item_days.customer_id ORDER BY SUM(customer_item_days.lines) DESC, running.offer_id
    ) AS turn
  FROM customer_item_days
  JOIN offered_items
    ON offered_items.item_id = customer_item_days.item_id
  JOIN running
    ON running.offer_id = offered_items.offer_id
  GROUP BY customer_item_days.customer_id, running.offer_id
),
bought_in AS (
  SELECT
    customer_item_days.customer_id,
    catalog.category,
    ROW_NUMBER() OVER (
      PARTITION BY customer_item_days.customer_id ORDER BY SUM(customer_item_days.lines) DESC, catalog.category
    ) AS place,
    COUNT(*) OVER (PARTITION BY customer_item_days.customer_id) AS categories
  FROM customer_item_days
  JOIN catalog
    ON catalog.item_id = customer_item_days.item_id
  WHERE catalog.category IS NOT NULL
  GROUP BY customer_item_days.customer_id, catalog.category
),
-- The best of each category, then the second of each; a category without a further offer passes.
in_favourites AS (
  SELECT
    bought_in.customer_id,
    placed.offer_id,
    (placed.place_in_category - 1) * LEAST(bought_in.categories, @candidate_categories) + bought_in.place AS turn
  FROM bought_in
  JOIN placed
    ON placed.category = bought_in.category
  WHERE bought_in.place <= @candidate_categories AND placed.place_in_category <= @candidates_per_category
),
redeemed AS (
  SELECT COALESCE(people.business_type, '') AS business_type, redemptions.offer_id
  FROM redemptions
  JOIN people
    ON people.customer_id = redemptions.customer_id
),
liked AS (
  SELECT
    of_kind.business_type,
    running.offer_id,
    ROW_NUMBER() OVER (PARTITION BY of_kind.business_type ORDER BY COUNT(*) DESC, running.offer_id) AS turn
  FROM (
    SELECT business_type, offer_id FROM redeemed WHERE business_type <> ''
    UNION ALL
    SELECT '', offer_id FROM redeemed
  ) AS of_kind
  JOIN running
    ON running.offer_id = of_kind.offer_id
  GROUP BY of_kind.business_type, running.offer_id
),
new_offers AS (
  SELECT
    offer_id,
    ROW_NUMBER() OVER (PARTITION BY as_of ORDER BY starts_on DESC, place_in_category, offer_id) AS turn
  FROM placed
  WHERE starts_on > DATE_SUB(@as_of, INTERVAL @new_offer_days DAY)
),
found AS (
  SELECT bought.customer_id, bought.offer_id, 1 AS generator, bought.turn
  FROM bought
  JOIN people
    ON people.customer_id = bought.customer_id
  UNION ALL
  SELECT in_favourites.customer_id, in_favourites.offer_id, 2, in_favourites.turn
  FROM in_favourites
  JOIN people
    ON people.customer_id = in_favourites.customer_id
  UNION ALL
  SELECT people.customer_id, liked.offer_id, 3, liked.turn
  FROM people
  LEFT JOIN (SELECT DISTINCT business_type FROM liked) AS redeeming
    ON redeeming.business_type = people.business_type
  JOIN liked
    ON liked.business_type = COALESCE(redeeming.business_type, '')
  WHERE liked.turn <= @candidates_per_business_type
  UNION ALL
  SELECT people.customer_id, new_offers.offer_id, 4, new_offers.turn
  FROM people
  CROSS JOIN new_offers
  WHERE new_offers.turn <= @new_candidates
),
merged AS (
  SELECT
    customer_id,
    offer_id,
    MIN(4 * turn + generator) AS precedence,
    LOGICAL_OR(generator = 1) AS bought_before,
    LOGICAL_OR(generator = 2) AS category_affinity,
    LOGICAL_OR(generator = 3) AS business_type,
    LOGICAL_OR(generator = 4) AS new_offer
  FROM found
  GROUP BY customer_id, offer_id
),
candidates AS (
  SELECT *, ROW_NUMBER() OVER (PARTITION BY customer_id ORDER BY precedence, offer_id) AS place FROM merged
)
SELECT
  @as_of AS as_of,
  candidates.customer_id,
  candidates.offer_id,
  running.item_id,
  ARRAY_TO_STRING(
    [
      IF(candidates.bought_before, 'bought_before', NULL),
      IF(candidates.category_affinity, 'category_affinity', NULL),
      IF(candidates.business_type, 'business_type', NULL),
      IF(candidates.new_offer, 'new_offer', NULL)
    ],
    ','
  ) AS generators,
  candidates.place
FROM candidates
JOIN running
  ON running.offer_id = candidates.offer_id
WHERE candidates.place <= @max_candidates
