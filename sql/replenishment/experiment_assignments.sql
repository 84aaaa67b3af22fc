-- One row per experiment and client that was drawn for it: the arm that it keeps. Who was assigned on an earlier day is
-- assigned as then, whatever the company's file says of shares by now.
--
-- An active client who was not is drawn by the shares in force on its day: by the first of the @experiment_steps since its
-- first order that draws it. A hash of the experiment's name and the client says whether it is among those that are drawn,
-- and another one for which arm. So it depends on nobody else, nor on the order in which days are made; and when shares
-- are raised who took no part is drawn as well, and who did stays.
--
-- Experiments that are over keep their rows.
-- earlier: assigned_before = experiment_assignments latest
WITH steps AS (
  SELECT
    CAST(SPLIT(step, ' ')[SAFE_OFFSET(0)] AS DATE) AS first_day,
    CAST(SPLIT(step, ' ')[SAFE_OFFSET(1)] AS DATE) AS until_day,
    SPLIT(step, ' ')[SAFE_OFFSET(2)] AS arm,
    CAST(SPLIT(step, ' ')[SAFE_OFFSET(3)] AS FLOAT64) AS drawn,
    CAST(SPLIT(step, ' ')[SAFE_OFFSET(4)] AS FLOAT64) AS low,
    CAST(SPLIT(step, ' ')[SAFE_OFFSET(5)] AS FLOAT64) AS high
  FROM UNNEST(@experiment_steps) AS step
),
newcomers AS (
  SELECT
    client_profiles.customer_id,
    client_profiles.first_ordered_on,
    -- Thirteen digits of a hash are a number from 0 up to 1, of as many bits as are exact.
    CAST(
      CONCAT('0x', SUBSTR(TO_HEX(MD5(CONCAT(@experiment, '|drawn|', client_profiles.customer_id))), 1, 13)) AS INT64
    ) / POW(2, 52) AS place,
    CAST(
      CONCAT('0x', SUBSTR(TO_HEX(MD5(CONCAT(@experiment, '|arm|', client_profiles.customer_id))), 1, 13)) AS INT64
    ) / POW(2, 52) AS place_among_drawn
  FROM client_profiles
  LEFT JOIN assigned_before
    ON assigned_before.customer_id = client_profiles.customer_id AND assigned_before.experiment = @experiment
  WHERE client_profiles.is_active AND assigned_before.customer_id IS NULL
),
drawn AS (
  SELECT newcomers.customer_id, steps.arm, steps.first_day
  FROM newcomers
  JOIN steps
    ON steps.first_day <= @as_of
      AND steps.until_day > newcomers.first_ordered_on
      AND steps.drawn > newcomers.place
      AND newcomers.place_among_drawn >= steps.low
      AND newcomers.place_among_drawn < steps.high
  QUALIFY ROW_NUMBER() OVER (PARTITION BY newcomers.customer_id ORDER BY steps.first_day) = 1
)
SELECT
  @as_of AS as_of,
  experiment,
  customer_id,
  arm,
  assigned_on,
  drawn_by,
  IF(experiment = @experiment, @as_of, last_on) AS last_on
FROM assigned_before
UNION ALL
SELECT @as_of, @experiment, customer_id, arm, @as_of, first_day, @as_of
FROM drawn
