-- One row per offer and item that it covers.
SELECT
  as_of, offer_id, item_id
FROM landed_offer_items
WHERE rejection IS NULL
QUALIFY ROW_NUMBER() OVER (PARTITION BY offer_id, item_id ORDER BY item_id) = 1
