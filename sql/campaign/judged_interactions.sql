-- One row per open or click of a message of the campaign window, and whether a machine did it. Mail programs that
-- protect privacy open every message as it is delivered; scanners click its links, several at once.
--
-- The rules, in order: open_on_delivery, an open at most @machine_open_seconds before or after delivery was reported;
-- click_on_delivery, a click at most @scanner_click_seconds before or after it; click_burst, a click with others of the
-- message within @scanner_burst_seconds before or after it, @scanner_burst_clicks of them altogether.
-- look-back: interactions @campaign_window_days
-- look-back: deliveries @campaign_window_days
WITH delivered AS (
  SELECT engaged.send_id, MIN(deliveries.reported_at) AS delivered_at
  FROM (SELECT DISTINCT send_id FROM interactions) AS engaged
  JOIN deliveries
    ON deliveries.send_id = engaged.send_id AND deliveries.status = 'delivered'
  GROUP BY engaged.send_id
),
crowded AS (
  SELECT
    send_id,
    kind,
    happened_at,
    COUNT(*) OVER (
      PARTITION BY send_id, kind
      ORDER BY UNIX_SECONDS(happened_at)
      RANGE BETWEEN @scanner_burst_seconds PRECEDING AND @scanner_burst_seconds FOLLOWING
    ) AS neighbours
  FROM interactions
)
SELECT
  @as_of AS as_of,
  crowded.send_id,
  crowded.kind,
  crowded.happened_at,
  CASE
    WHEN crowded.kind = 'VIEWED'
      AND crowded.happened_at >= TIMESTAMP_SUB(delivered.delivered_at, INTERVAL @machine_open_seconds SECOND)
      AND crowded.happened_at <= TIMESTAMP_ADD(delivered.delivered_at, INTERVAL @machine_open_seconds SECOND)
      THEN 'open_on_delivery'
    WHEN crowded.kind = 'CLICKED'
      AND crowded.happened_at >= TIMESTAMP_SUB(delivered.delivered_at, INTERVAL @scanner_click_seconds SECOND)
      AND crowded.happened_at <= TIMESTAMP_ADD(delivered.delivered_at, INTERVAL @scanner_click_seconds SECOND)
      THEN 'click_on_delivery'
    WHEN crowded.kind = 'CLICKED' AND crowded.neighbours >= @scanner_burst_clicks THEN 'click_burst'
  END AS machine_rule
FROM crowded
LEFT JOIN delivered
  ON delivered.send_id = crowded.send_id
