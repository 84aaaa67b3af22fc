-- Most offers are on items of the catalog; some may have been delisted. A failure means that offers and catalog write
-- their ids differently (1.0 and 1), so that hardly any offer has a price or a category: nothing of the day is
-- published.
-- table: offers
-- of: offers
-- severity: error
-- tolerance: @unknown_tolerance
-- remedy: Write offers.item_id and catalog.item_id alike in both feeds, or raise unknown_tolerance.
WITH unknown AS (
  SELECT offer_id, item_id
  FROM offers
  WHERE item_id NOT IN (SELECT item_id FROM catalog)
),
counted AS (
  SELECT
    (SELECT COUNT(*) FROM unknown) AS unknown_rows,
    (SELECT COUNT(*) FROM offers) AS all_rows
)
SELECT unknown.offer_id, unknown.item_id
FROM unknown
CROSS JOIN counted
-- Few rows say nothing, unless not one of them is known.
WHERE counted.all_rows >= @unknown_minimum
  OR (counted.all_rows >= 5 AND counted.unknown_rows = counted.all_rows)
