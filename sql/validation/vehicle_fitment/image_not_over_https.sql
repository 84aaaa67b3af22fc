-- Every picture is fetched over https. A failure means that mail programs show a warning or no picture at all.
-- table: vehicle_recommendations
-- severity: error
SELECT recommended.customer_id, image_url
FROM vehicle_recommendations AS recommended
CROSS JOIN UNNEST(
  [recommended.rec1_image, recommended.rec2_image, recommended.rec3_image, recommended.rec4_image]
) AS image_url
WHERE NOT STARTS_WITH(image_url, 'https://')
