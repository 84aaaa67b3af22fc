-- One row per rule: opens and clicks by machines, of messages of the days @sent_from to @sent_to, and the messages that
-- look opened or clicked only because of them.
WITH judged AS (
  SELECT
    judged_interactions.send_id,
    judged_interactions.kind,
    judged_interactions.machine_rule
  FROM judged_interactions
  JOIN send_engagement
    ON send_engagement.send_id = judged_interactions.send_id
  WHERE send_engagement.sent_on BETWEEN @sent_from AND @sent_to
),
by_kind AS (
  SELECT kind, COUNT(*) AS interactions FROM judged GROUP BY kind
),
by_message AS (
  SELECT send_id, kind, COUNT(IF(machine_rule IS NULL, 1, NULL)) AS by_people FROM judged GROUP BY send_id, kind
)
SELECT
  @as_of AS as_of,
  judged.machine_rule AS rule,
  COUNT(*) AS interactions,
  COUNT(*) / MAX(by_kind.interactions) AS share,
  COUNT(DISTINCT judged.send_id) AS sends,
  COUNT(DISTINCT IF(by_message.by_people = 0, judged.send_id, NULL)) AS only_by_machine
FROM judged
JOIN by_kind
  ON by_kind.kind = judged.kind
JOIN by_message
  ON by_message.send_id = judged.send_id AND by_message.kind = judged.kind
WHERE judged.machine_rule IS NOT NULL
GROUP BY judged.machine_rule
