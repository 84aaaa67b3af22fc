-- One row per offer and item that it can be redeemed for: the one that the offer names, and those listed for it. An
-- offer without any is about nothing in particular.
SELECT DISTINCT @as_of AS as_of, offer_id, item_id
FROM (
  SELECT offer_id, item_id FROM offers WHERE item_id IS NOT NULL
  UNION ALL
  SELECT offer_id, item_id FROM offer_items
) AS named
