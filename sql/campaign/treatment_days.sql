-- One row per day, treatment, segment and chance with which the treatment was chosen: messages, opens and clicks. This
-- is what the bandit learns from, and what other allocations are judged by.
--
-- Whoever clicks has opened, even where no open is on record.
SELECT
  @as_of AS as_of,
  sent_on,
  treatment_id,
  segment,
  propensity,
  COUNT(*) AS sends,
  COUNT(COALESCE(opened_at, clicked_at)) AS views,
  COUNT(clicked_at) AS clicks
FROM send_engagement
WHERE status <> 'held_out'
GROUP BY sent_on, treatment_id, segment, propensity
