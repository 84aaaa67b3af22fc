-- One row per step: customers who were sent messages in the @comparison_days both before and after the newest release,
-- by whether they took the step. The same customers before and after differ by the release, not by who they are.
--
-- Messages whose attribution window is still open are left out: their orders may yet come.
WITH released AS (
  SELECT MAX(SAFE_CAST(day AS DATE)) AS day
  FROM UNNEST(@releases) AS day
  WHERE SAFE_CAST(day AS DATE) <= @as_of
),
bounds AS (
  SELECT
    COALESCE(day, DATE_SUB(@as_of, INTERVAL @comparison_days - 1 DAY)) AS split_on,
    DATE_SUB(@as_of, INTERVAL @attribution_window_days DAY) AS settled_until
  FROM released
),
credited AS (
  SELECT DISTINCT send_id FROM campaign_orders WHERE send_id IS NOT NULL
),
customer AS (
  SELECT
    send.customer_id,
    COUNTIF(send.sent_on < bounds.split_on) AS sends_before,
    COUNTIF(send.sent_on >= bounds.split_on) AS sends_after,
    COUNTIF(send.sent_on < bounds.split_on AND send.opened_at IS NOT NULL) AS opened_before,
    COUNTIF(send.sent_on >= bounds.split_on AND send.opened_at IS NOT NULL) AS opened_after,
    COUNTIF(send.sent_on < bounds.split_on AND send.clicked_at IS NOT NULL) AS clicked_before,
    COUNTIF(send.sent_on >= bounds.split_on AND send.clicked_at IS NOT NULL) AS clicked_after,
    COUNTIF(send.sent_on < bounds.split_on AND credited.send_id IS NOT NULL) AS ordered_before,
    COUNTIF(send.sent_on >= bounds.split_on AND credited.send_id IS NOT NULL) AS ordered_after
  FROM send_engagement AS send
  CROSS JOIN bounds
  LEFT JOIN credited
    ON credited.send_id = send.send_id
  WHERE send.status <> 'held_out'
    AND send.sent_on >= DATE_SUB(bounds.split_on, INTERVAL @comparison_days DAY)
    AND send.sent_on < DATE_ADD(bounds.split_on, INTERVAL @comparison_days DAY)
    AND send.sent_on <= bounds.settled_until
  GROUP BY send.customer_id
),
step AS (
  SELECT
    metric,
    CASE metric WHEN 'opened' THEN opened_before WHEN 'clicked' THEN clicked_before ELSE ordered_before END > 0 AS before,
    CASE metric WHEN 'opened' THEN opened_after WHEN 'clicked' THEN clicked_after ELSE ordered_after END > 0 AS after
  FROM customer
  CROSS JOIN UNNEST(['opened', 'clicked', 'ordered']) AS metric
  WHERE sends_before > 0 AND sends_after > 0
)
SELECT
  @as_of AS as_of,
  metric,
  COUNTIF(before AND after) AS both,
  COUNTIF(before AND NOT after) AS before_only,
  COUNTIF(after AND NOT before) AS after_only,
  COUNTIF(NOT before AND NOT after) AS neither
FROM step
GROUP BY metric
