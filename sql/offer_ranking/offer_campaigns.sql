-- One row per campaign of offers, per kind of campaign, and for all: how many customers received it, and how many of them
-- redeemed something of it. A customer who received several campaigns counts once in each.
--
-- A redemption belongs to the campaign that it names, else to the one that showed the customer the offer last. The
-- interval is Wilson's; where customers count several times it is for as many independent receipts as those are worth.
-- look-back: impressions @history_days
-- look-back: redemptions @history_days
WITH shown AS (
  SELECT
    impressions.impression_id,
    impressions.customer_id,
    impressions.offer_id,
    impressions.shown_at,
    impressions.event_date,
    COALESCE(impressions.campaign_id, offer_periods.campaign_id) AS campaign_id,
    COALESCE(offer_periods.kind, 'unknown') AS kind,
    offer_periods.ends_on
  FROM impressions
  LEFT JOIN offer_periods
    ON offer_periods.offer_id = impressions.offer_id AND offer_periods.shown_on = impressions.event_date
  WHERE impressions.campaign_id IS NOT NULL OR offer_periods.campaign_id IS NOT NULL
),
receipts AS (
  SELECT campaign_id, customer_id, COUNT(*) AS impressions FROM shown GROUP BY campaign_id, customer_id
),
campaigns AS (
  SELECT
    campaign_id,
    MIN(kind) AS kind,
    COUNT(DISTINCT offer_id) AS offers,
    MIN(event_date) AS first_day,
    MAX(ends_on) AS last_day
  FROM shown
  GROUP BY campaign_id
),
credited AS (
  SELECT
    redemptions.customer_id,
    COALESCE(redemptions.campaign_id, shown.campaign_id) AS campaign_id
  FROM redemptions
  LEFT JOIN shown
    ON shown.customer_id = redemptions.customer_id
    AND shown.offer_id = redemptions.offer_id
    AND shown.shown_at <= redemptions.redeemed_at
  QUALIFY ROW_NUMBER() OVER (
    PARTITION BY redemptions.event_date, redemptions.customer_id, redemptions.offer_id, redemptions.order_id
    ORDER BY shown.shown_at DESC, shown.impression_id DESC
  ) = 1
),
redeemed AS (
  SELECT campaign_id, customer_id, COUNT(*) AS redemptions FROM credited GROUP BY campaign_id, customer_id
),
of_receipts AS (
  SELECT
    receipts.campaign_id,
    campaigns.kind,
    receipts.customer_id,
    receipts.impressions,
    COALESCE(redeemed.redemptions, 0) AS redemptions,
    IF(redeemed.customer_id IS NULL, 0, 1) AS is_redeemed
  FROM receipts
  JOIN campaigns
    ON campaigns.campaign_id = receipts.campaign_id
  LEFT JOIN redeemed
    ON redeemed.campaign_id = receipts.campaign_id AND redeemed.customer_id = receipts.customer_id
),
of_customers AS (
  SELECT
    sections.section,
    CASE sections.section
      WHEN 'campaign' THEN of_receipts.campaign_id
      WHEN 'kind' THEN of_receipts.kind
      ELSE 'all'
    END AS name,
    of_receipts.customer_id,
    COUNT(*) AS receipts,
    SUM(of_receipts.is_redeemed) AS redeemed,
    SUM(of_receipts.impressions) AS impressions,
    SUM(of_receipts.redemptions) AS redemptions
  FROM of_receipts
  CROSS JOIN (SELECT section FROM UNNEST(['campaign', 'kind', 'all']) AS section) AS sections
  GROUP BY
    sections.section,
    CASE sections.section
      WHEN 'campaign' THEN of_receipts.campaign_id
      WHEN 'kind' THEN of_receipts.kind
      ELSE 'all'
    END,
    of_receipts.customer_id
),
summed AS (
  SELECT
    section,
    name,
    COUNT(*) AS customers,
    SUM(receipts) AS receipts,
    SUM(redeemed) AS redeemed,
    SUM(impressions) AS impressions,
    SUM(redemptions) AS redemptions,
    SUM(receipts * receipts) AS receipts_squared,
    SUM(receipts * redeemed) AS both_multiplied,
    SUM(redeemed * redeemed) AS redeemed_squared
  FROM of_customers
  GROUP BY section, name
),
rated AS (
  SELECT
    *,
    redeemed / receipts AS rate,
    -- How many times the variance is that of independent receipts.
    GREATEST(
      COALESCE(
        SAFE_DIVIDE(
          redeemed_squared
          - 2 * redeemed / receipts * both_multiplied
          + redeemed / receipts * redeemed / receipts * receipts_squared,
          redeemed / receipts * (1 - redeemed / receipts) * receipts
        ) * SAFE_DIVIDE(customers, customers - 1),
        1
      ),
      1
    ) AS design_effect
  FROM summed
),
worth AS (
  SELECT *, receipts / design_effect AS trials, 1.959963984540054 * 1.959963984540054 AS z2 FROM rated
)
SELECT
  @as_of AS as_of,
  worth.section,
  worth.name,
  campaigns.kind,
  campaigns.first_day,
  campaigns.last_day,
  campaigns.offers,
  worth.customers,
  worth.receipts,
  worth.impressions,
  worth.redeemed,
  worth.redemptions,
  worth.rate,
  GREATEST(
    (worth.rate * worth.trials + worth.z2 / 2
      - SQRT(worth.z2) * SQRT(worth.trials * worth.rate * (1 - worth.rate) + worth.z2 / 4))
    / (worth.trials + worth.z2),
    0
  ) AS low,
  LEAST(
    (worth.rate * worth.trials + worth.z2 / 2
      + SQRT(worth.z2) * SQRT(worth.trials * worth.rate * (1 - worth.rate) + worth.z2 / 4))
    / (worth.trials + worth.z2),
    1
  ) AS high
FROM worth
LEFT JOIN campaigns
  ON campaigns.campaign_id = worth.name AND worth.section = 'campaign'
