-- One row per day of the intent window and kind of event: how many events there were, and of how many customers. A feed
-- that dries up shows here first.
-- look-back: events @intent_window_days
SELECT
  @as_of AS as_of,
  event_date AS happened_on,
  event_name,
  COUNT(*) AS events,
  COUNT(DISTINCT customer_id) AS customers
FROM events
GROUP BY event_date, event_name
