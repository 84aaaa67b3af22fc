-- One row per order, credited to a message of the days @sent_from to @sent_to, before which that message was opened or
-- clicked: the orders that most plainly follow from a message.
SELECT
  @as_of AS as_of,
  order_id,
  customer_id,
  treatment_id,
  sent_on,
  path,
  opened_at,
  clicked_at,
  ordered_at,
  hours_since_sent,
  revenue
FROM campaign_orders
WHERE path IN ('clicked', 'opened') AND sent_on BETWEEN @sent_from AND @sent_to
