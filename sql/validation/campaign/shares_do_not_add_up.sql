-- The shares of every segment's treatments add up to 100% (to a millionth). A failure means that a sender who draws by
-- them would leave customers without a treatment.
-- table: treatment_allocation
-- severity: error
SELECT segment, SUM(CAST(ROUND(1000000 * share) AS INT64)) AS millionths
FROM treatment_allocation
GROUP BY segment
HAVING SUM(CAST(ROUND(1000000 * share) AS INT64)) <> 1000000
