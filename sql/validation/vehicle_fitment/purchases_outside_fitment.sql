-- Most of what is bought is known to fit a vehicle. The rest (universal parts, apparel, gaps in the fitment data) can
-- never be recommended by fit.
-- table: fitment
-- of: events
-- among: event_name = 'order_line'
-- severity: warn
-- tolerance: 0.9
-- look-back: events 1
SELECT event_id, item_id
FROM events
WHERE event_name = 'order_line'
  AND item_id NOT IN (SELECT item_id FROM fitment)
