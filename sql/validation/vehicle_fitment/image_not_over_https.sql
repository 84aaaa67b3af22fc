-- Every picture is fetched over https. A failure means that mail programs show a warning or no picture at all.
-- table: vehicle_recommendations
-- severity: error
WITH images AS (
  SELECT customer_id, rec1_image AS image_url FROM vehicle_recommendations
  UNION ALL
  SELECT customer_id, rec2_image FROM vehicle_recommendations
  UNION ALL
  SELECT customer_id, rec3_image FROM vehicle_recommendations
  UNION ALL
  SELECT customer_id, rec4_image FROM vehicle_recommendations
)
SELECT customer_id, image_url
FROM images
WHERE NOT STARTS_WITH(image_url, 'https://')
