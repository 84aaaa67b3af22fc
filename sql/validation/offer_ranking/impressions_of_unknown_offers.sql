-- What is shown is an offer that the company knows, past or running. A failure means that impressions and offers
-- write their ids differently (1.0 and 1), so that nothing is known of how offers do: nothing of the day is
-- published.
-- table: offers
-- of: impressions
-- severity: error
-- tolerance: @unknown_tolerance
-- remedy: Write impressions.offer_id and offers.offer_id alike in both feeds, or raise unknown_tolerance.
-- look-back: impressions 1
WITH unknown AS (
  SELECT impression_id, offer_id
  FROM impressions
  WHERE offer_id NOT IN (SELECT offer_id FROM offers)
),
counted AS (
  SELECT
    (SELECT COUNT(*) FROM unknown) AS unknown_rows,
    (SELECT COUNT(*) FROM impressions) AS all_rows
)
SELECT unknown.impression_id, unknown.offer_id
FROM unknown
CROSS JOIN counted
-- Few rows say nothing, unless not one of them is known.
WHERE counted.all_rows >= @unknown_minimum
  OR (counted.all_rows >= 5 AND counted.unknown_rows = counted.all_rows)
