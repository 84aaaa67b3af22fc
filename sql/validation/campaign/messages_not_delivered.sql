-- Messages arrive. A failure means that the mail provider rejects more of them than @max_failed_share:
-- delivery_failures says why.
-- table: send_engagement
-- severity: warn
-- tolerance: @max_failed_share
-- among: status <> 'held_out'
SELECT send_id, sent_on, failure_reason
FROM send_engagement
WHERE status = 'failed'
