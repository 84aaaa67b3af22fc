-- What is redeemed is an offer that the company knows, past or running. A failure means that redemptions and offers
-- write their ids differently (1.0 and 1), so that nothing is known of how offers do: nothing of the day is
-- published.
-- table: offers
-- of: redemptions
-- severity: error
-- tolerance: @unknown_tolerance
-- remedy: Write redemptions.offer_id and offers.offer_id alike in both feeds, or raise unknown_tolerance.
-- look-back: redemptions 1
SELECT order_id, offer_id
FROM redemptions
WHERE offer_id NOT IN (SELECT offer_id FROM offers)
  AND (SELECT COUNT(*) FROM redemptions) >= @unknown_minimum
