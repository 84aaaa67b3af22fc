-- One row per hour of the day (UTC): opens and clicks of messages of the days @sent_from to @sent_to, by people and by
-- machines. Shows when customers read.
WITH happened AS (
  SELECT EXTRACT(HOUR FROM judged_interactions.happened_at) AS hour, judged_interactions.kind, judged_interactions.machine_rule
  FROM judged_interactions
  JOIN send_engagement
    ON send_engagement.send_id = judged_interactions.send_id
  WHERE send_engagement.sent_on BETWEEN @sent_from AND @sent_to
)
SELECT
  @as_of AS as_of,
  hour,
  COUNTIF(kind = 'VIEWED' AND machine_rule IS NULL) AS opens,
  COUNTIF(kind = 'CLICKED' AND machine_rule IS NULL) AS clicks,
  COUNTIF(kind = 'VIEWED' AND machine_rule IS NOT NULL) AS machine_opens,
  COUNTIF(kind = 'CLICKED' AND machine_rule IS NOT NULL) AS machine_clicks
FROM happened
GROUP BY hour
