-- One row per customer and day with impressions: how much the customer was shown, so that a day's impressions are read
-- once, on their day.
SELECT event_date, customer_id, COUNT(*) AS impressions
FROM impressions
GROUP BY event_date, customer_id
