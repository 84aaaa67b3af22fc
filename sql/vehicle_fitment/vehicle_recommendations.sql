-- One row per e-mail address with its four parts: the table that the retailer reads. Its columns are a contract.
SELECT
  @as_of AS as_of,
  users_with_vehicles.email_lower,
  users_with_vehicles.customer_id,
  users_with_vehicles.vehicle_year AS v1_year,
  users_with_vehicles.vehicle_make AS v1_make,
  users_with_vehicles.vehicle_model AS v1_model,
  first.item_id AS rec_part_1,
  first.price AS rec1_price,
  first.score AS rec1_score,
  first.image_url AS rec1_image,
  first.part_type AS rec1_part_type,
  first.tier AS rec1_tier,
  second.item_id AS rec_part_2,
  second.price AS rec2_price,
  second.score AS rec2_score,
  second.image_url AS rec2_image,
  second.part_type AS rec2_part_type,
  second.tier AS rec2_tier,
  third.item_id AS rec_part_3,
  third.price AS rec3_price,
  third.score AS rec3_score,
  third.image_url AS rec3_image,
  third.part_type AS rec3_part_type,
  third.tier AS rec3_tier,
  fourth.item_id AS rec_part_4,
  fourth.price AS rec4_price,
  fourth.score AS rec4_score,
  fourth.image_url AS rec4_image,
  fourth.part_type AS rec4_part_type,
  fourth.tier AS rec4_tier,
  @pipeline_version AS pipeline_version,
  TIMESTAMP(@as_of) AS generated_at
FROM users_with_vehicles
JOIN recommendations AS first
  ON first.customer_id = users_with_vehicles.customer_id AND first.rank = 1
JOIN recommendations AS second
  ON second.customer_id = users_with_vehicles.customer_id AND second.rank = 2
JOIN recommendations AS third
  ON third.customer_id = users_with_vehicles.customer_id AND third.rank = 3
JOIN recommendations AS fourth
  ON fourth.customer_id = users_with_vehicles.customer_id AND fourth.rank = 4
