-- The first part scores at least as high as the second, and so on. A failure means that e-mails do not open with the
-- best part, and that rank tells nothing when results are read.
-- table: vehicle_recommendations
-- severity: error
SELECT customer_id, rec1_score, rec2_score, rec3_score, rec4_score
FROM vehicle_recommendations
WHERE rec1_score < rec2_score OR rec2_score < rec3_score OR rec3_score < rec4_score
