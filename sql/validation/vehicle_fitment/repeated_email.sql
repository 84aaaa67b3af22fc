-- Every address appears once, however it is typed. A failure means that somebody gets two different e-mails.
-- table: vehicle_recommendations
-- severity: error
SELECT LOWER(TRIM(email_lower)) AS email_lower, COUNT(*) AS times
FROM vehicle_recommendations
GROUP BY LOWER(TRIM(email_lower))
HAVING COUNT(*) > 1
