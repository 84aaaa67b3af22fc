-- What is redeemed is an offer that the company knows, past or running. A failure means that redemptions and offers
-- write their ids differently (1.0 and 1), so that nothing is known of how offers do: nothing of the day is
-- published.
-- table: offers
-- of: redemptions
-- severity: error
-- tolerance: @unknown_tolerance
-- remedy: Write redemptions.offer_id and offers.offer_id alike in both feeds, or raise unknown_tolerance.
-- look-back: redemptions 1
WITH unknown AS (
  SELECT order_id, offer_id
  FROM redemptions
  WHERE offer_id NOT IN (SELECT offer_id FROM offers)
),
counted AS (
  SELECT
    (SELECT COUNT(*) FROM unknown) AS unknown_rows,
    (SELECT COUNT(*) FROM redemptions) AS all_rows
)
SELECT unknown.order_id, unknown.offer_id
FROM unknown
CROSS JOIN counted
-- Few rows say nothing, unless not one of them is known.
WHERE counted.all_rows >= @unknown_minimum
  OR (counted.all_rows >= 5 AND counted.unknown_rows = counted.all_rows)
