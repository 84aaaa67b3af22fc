-- One row per new item of a group of which a client ordered something: what is known of it before anybody buys it.
-- given: @customer
WITH groups_of_client AS (
  SELECT DISTINCT product_trends.group_id
  FROM client_items
  JOIN product_trends
    ON product_trends.item_id = client_items.item_id AND NOT product_trends.is_discontinued
  WHERE client_items.customer_id = @customer AND client_items.orders > 0
)
SELECT product_trends.item_id, product_trends.group_id, product_trends.brand, product_trends.price_band
FROM product_trends
JOIN groups_of_client
  ON groups_of_client.group_id = product_trends.group_id
LEFT JOIN client_items
  ON client_items.customer_id = @customer AND client_items.item_id = product_trends.item_id
WHERE product_trends.is_new AND NOT product_trends.is_discontinued AND client_items.item_id IS NULL
ORDER BY product_trends.item_id
