-- One row per offer and day on which it was shown or redeemed, or may be shown next: the terms on which it stands that
-- day. Of an offer that comes more than once they are those of the newest period that runs then, else of the nearest.
-- look-back: offer_days @history_days
WITH moments AS (
  SELECT offer_id, event_date AS shown_on FROM offer_days
  UNION DISTINCT
  SELECT offer_id, DATE_ADD(@as_of, INTERVAL 1 DAY) FROM offers
),
campaigns AS (
  SELECT campaign_id, IF(campaign_id IS NULL, starts_on, NULL) AS starts_on, COUNT(DISTINCT offer_id) AS offers
  FROM offers
  GROUP BY campaign_id, IF(campaign_id IS NULL, starts_on, NULL)
),
terms AS (
  SELECT
    moments.shown_on,
    offers.offer_id,
    offers.starts_on,
    offers.ends_on,
    offers.item_id,
    offers.discount,
    offers.kind,
    offers.campaign_id
  FROM moments
  JOIN offers
    ON offers.offer_id = moments.offer_id
  QUALIFY ROW_NUMBER() OVER (
    PARTITION BY moments.offer_id, moments.shown_on
    ORDER BY
      IF(offers.starts_on <= moments.shown_on AND offers.ends_on >= moments.shown_on, 0, 1),
      IF(offers.starts_on <= moments.shown_on, 0, 1),
      ABS(DATE_DIFF(offers.starts_on, moments.shown_on, DAY))
  ) = 1
)
SELECT
  @as_of AS as_of,
  terms.offer_id,
  terms.shown_on,
  terms.starts_on,
  terms.ends_on,
  terms.item_id,
  terms.discount,
  terms.kind,
  terms.campaign_id,
  campaigns.offers AS offers_in_campaign
FROM terms
LEFT JOIN campaigns
  ON COALESCE(campaigns.campaign_id, '') = COALESCE(terms.campaign_id, '')
  AND (terms.campaign_id IS NOT NULL OR campaigns.starts_on = terms.starts_on)
