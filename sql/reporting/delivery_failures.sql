-- One row per reason why messages of the days @sent_from to @sent_to did not arrive, and one for those that the mail
-- provider never reported on.
WITH sent AS (
  SELECT status, IF(status = 'unreported', 'unreported', failure_reason) AS reason
  FROM send_engagement
  WHERE status <> 'held_out' AND sent_on BETWEEN @sent_from AND @sent_to
)
SELECT
  @as_of AS as_of,
  reason,
  COUNT(*) AS messages,
  COUNT(*) / (SELECT COUNT(*) FROM sent) AS share_of_sent,
  IF(
    reason = 'unreported', NULL, SAFE_DIVIDE(COUNT(*), (SELECT COUNTIF(status = 'failed') FROM sent))
  ) AS share_of_failed
FROM sent
WHERE reason IS NOT NULL
GROUP BY reason
