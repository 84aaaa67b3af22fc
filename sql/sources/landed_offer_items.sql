-- One row per row of the company's feed of the items that offers cover, with the reason why it cannot be used, if there
-- is one.
SELECT
  @as_of AS as_of,
  offer_id,
  item_id,
  CASE
    WHEN unreadable IS NOT NULL THEN unreadable
    WHEN offer_id IS NULL THEN 'offer_id is missing'
    WHEN item_id IS NULL THEN 'item_id is missing'
  END AS rejection
FROM source_offer_items
