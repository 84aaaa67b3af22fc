-- What is shown is an offer that the company knows, past or running. A failure means that impressions and offers
-- write their ids differently (1.0 and 1), so that nothing is known of how offers do: nothing of the day is
-- published.
-- table: offers
-- of: impressions
-- severity: error
-- tolerance: @unknown_tolerance
-- remedy: Write impressions.offer_id and offers.offer_id alike in both feeds, or raise unknown_tolerance.
-- look-back: impressions 1
SELECT impression_id, offer_id
FROM impressions
WHERE offer_id NOT IN (SELECT offer_id FROM offers)
  AND (SELECT COUNT(*) FROM impressions) >= @unknown_minimum
