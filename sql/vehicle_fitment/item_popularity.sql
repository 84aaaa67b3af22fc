-- One row per item that was ordered: how often, by anybody. `popularity: global` ranks by this alone, for comparison:
-- it shows every owner the same headlight.
SELECT
  @as_of AS as_of,
  item_id,
  COUNTIF(source = 'order_history') AS historical_orders,
  COUNTIF(source = 'events') AS recent_orders,
  COUNT(*) AS orders,
  ROUND(2 * LN(1 + COUNT(*)), 6) AS score
FROM purchases
GROUP BY item_id
