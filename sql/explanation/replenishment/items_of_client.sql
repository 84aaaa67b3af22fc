-- One row per item that a client ordered: how often and when, what the item is like, and whether it is still sold.
-- given: @customer
SELECT
  client_items.item_id,
  client_items.orders,
  client_items.orders_sent_back,
  client_items.first_ordered_on,
  client_items.last_ordered_on,
  client_items.days_since,
  client_items.mean_gap_days,
  client_items.share_of_orders,
  client_items.season_share,
  product_trends.group_id,
  product_trends.brand,
  product_trends.price_band,
  product_trends.is_trending,
  product_trends.seasonality,
  product_trends.is_discontinued
FROM client_items
JOIN product_trends
  ON product_trends.item_id = client_items.item_id
WHERE client_items.customer_id = @customer
ORDER BY client_items.item_id
