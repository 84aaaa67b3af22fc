-- One row: how many vehicles have parts that may be recommended. A part that fits most of them loses popularity.
SELECT COUNT(DISTINCT vehicle) AS vehicles
FROM eligible_parts
