-- One row per client and item that steps back: shown in more than @ignored_after weeks, and neither clicked nor ordered.
-- Its score is multiplied by @ignored_factor for each week more.
--
-- An order begins it anew as a reaction does: not every shop tells what was bought.
SELECT
  @as_of AS as_of,
  weeks.customer_id,
  weeks.item_id,
  COUNT(*) AS weeks_ignored,
  MAX(weeks.last_shown_on) AS last_shown_on,
  POW(@ignored_factor, COUNT(*) - @ignored_after) AS factor
FROM ignored_weeks AS weeks
LEFT JOIN client_items AS items
  ON items.customer_id = weeks.customer_id AND items.item_id = weeks.item_id
WHERE items.last_ordered_on IS NULL OR weeks.last_shown_on > items.last_ordered_on
GROUP BY weeks.customer_id, weeks.item_id
HAVING COUNT(*) > @ignored_after
