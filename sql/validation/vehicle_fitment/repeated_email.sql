-- Every address appears once, however it is typed. A failure means that somebody gets two different e-mails.
-- table: vehicle_recommendations
-- severity: error
WITH typed AS (
  SELECT LOWER(TRIM(email_lower)) AS email_lower
  FROM vehicle_recommendations
)
SELECT email_lower, COUNT(*) AS times
FROM typed
GROUP BY email_lower
HAVING COUNT(*) > 1
