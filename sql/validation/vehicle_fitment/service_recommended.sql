-- No recommended SKU begins like that of a service (installation, labor, gift cards). A failure means that something is
-- advertised that is not a part.
-- table: vehicle_recommendations
-- severity: error
SELECT recommended.customer_id, sku AS item_id
FROM vehicle_recommendations AS recommended
CROSS JOIN UNNEST(
  [recommended.rec_part_1, recommended.rec_part_2, recommended.rec_part_3, recommended.rec_part_4]
) AS sku
WHERE EXISTS (SELECT 1 FROM UNNEST(@service_prefixes) AS prefix WHERE STARTS_WITH(sku, prefix))
