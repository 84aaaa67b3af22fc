-- A discovery is of an item that the client never ordered, and a repurchase of one that it ordered and kept. A failure
-- means that clients are sold as new what they know, or as their own what they do not.
-- table: weekly_recommendations
-- severity: error
SELECT weekly_recommendations.customer_id, weekly_recommendations.item_id, weekly_recommendations.kind
FROM weekly_recommendations
LEFT JOIN client_items
  ON client_items.customer_id = weekly_recommendations.customer_id
  AND client_items.item_id = weekly_recommendations.item_id
WHERE (weekly_recommendations.kind = 'discovery' AND client_items.item_id IS NOT NULL)
  OR (weekly_recommendations.kind = 'repurchase' AND COALESCE(client_items.orders, 0) = 0)
