-- The four parts of a customer are four different SKUs. A failure means that an e-mail shows one part twice.
-- table: vehicle_recommendations
-- severity: error
SELECT customer_id, rec_part_1, rec_part_2, rec_part_3, rec_part_4
FROM vehicle_recommendations
WHERE rec_part_1 IN (rec_part_2, rec_part_3, rec_part_4)
  OR rec_part_2 IN (rec_part_3, rec_part_4)
  OR rec_part_3 = rec_part_4
