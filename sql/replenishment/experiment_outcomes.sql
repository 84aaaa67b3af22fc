-- One row per client of an arm: what its published lists came to, over all whole weeks so far. Only lists that were
-- published count, by the inventory of publications, and only once the seven days after their day are over: what is bought
-- in them was bought after the list was made.
--
-- The newest earlier day says what the weeks before came to; this day adds those of the lists of a week ago. Weeks do not
-- overlap: lists that were made on demand, in the middle of a week that counts, do not count.
-- earlier: outcomes_before = experiment_outcomes latest
-- earlier: lists = weekly_recommendations 7
-- earlier: assigned_then = experiment_assignments 7
-- look-back: order_lines 7
WITH ordered AS (
  SELECT customer_id, item_id, SUM(quantity) AS quantity, SUM(spent_cents) AS spent_cents
  FROM order_lines
  GROUP BY customer_id, item_id
),
spent AS (
  SELECT customer_id, SUM(spent_cents) AS spent_cents FROM ordered GROUP BY customer_id
),
this_week AS (
  SELECT
    assigned_then.experiment,
    lists.customer_id,
    assigned_then.arm,
    assigned_then.drawn_by,
    COUNT(*) AS items,
    COUNT(IF(ordered.quantity > 0, 1, NULL)) AS bought,
    COUNT(IF(ordered.quantity > 0 AND lists.kind = 'discovery', 1, NULL)) AS discoveries_bought
  FROM lists
  JOIN published_lists
    ON published_lists.listed_on = lists.as_of
  JOIN assigned_then
    ON assigned_then.customer_id = lists.customer_id
      AND assigned_then.arm = lists.version
      AND assigned_then.experiment = @experiment
  LEFT JOIN outcomes_before
    ON outcomes_before.customer_id = lists.customer_id
      AND outcomes_before.experiment = @experiment
      AND outcomes_before.last_week_until > lists.as_of
  LEFT JOIN ordered
    ON ordered.customer_id = lists.customer_id AND ordered.item_id = lists.item_id
  WHERE outcomes_before.customer_id IS NULL
  GROUP BY assigned_then.experiment, lists.customer_id, assigned_then.arm, assigned_then.drawn_by
),
each_week AS (
  SELECT
    experiment,
    customer_id,
    arm,
    drawn_by,
    weeks,
    first_week_until,
    last_week_until,
    items,
    bought,
    discoveries_bought,
    spent_cents
  FROM outcomes_before
  UNION ALL
  SELECT
    this_week.experiment,
    this_week.customer_id,
    this_week.arm,
    this_week.drawn_by,
    1,
    @as_of,
    @as_of,
    this_week.items,
    this_week.bought,
    this_week.discoveries_bought,
    COALESCE(spent.spent_cents, 0)
  FROM this_week
  LEFT JOIN spent
    ON spent.customer_id = this_week.customer_id
)
SELECT
  @as_of AS as_of,
  experiment,
  customer_id,
  arm,
  MIN(drawn_by) AS drawn_by,
  SUM(weeks) AS weeks,
  MIN(first_week_until) AS first_week_until,
  MAX(last_week_until) AS last_week_until,
  SUM(items) AS items,
  SUM(bought) AS bought,
  SUM(discoveries_bought) AS discoveries_bought,
  SUM(spent_cents) AS spent_cents
FROM each_week
GROUP BY experiment, customer_id, arm
