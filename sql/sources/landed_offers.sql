-- One row per row of the company's offer feed, with the reason why it cannot be used, if there is one.
SELECT
  @as_of AS as_of,
  offer_id,
  item_id,
  discount,
  starts_on,
  ends_on,
  kind,
  campaign_id,
  CASE
    WHEN unreadable IS NOT NULL THEN unreadable
    WHEN offer_id IS NULL THEN 'offer_id is missing'
    WHEN starts_on IS NULL THEN 'starts_on is missing'
    WHEN ends_on IS NULL THEN 'ends_on is missing'
    WHEN discount < 0 OR discount > 1 THEN 'discount is not a share'
    WHEN ends_on < starts_on THEN 'ends_on is before starts_on'
  END AS rejection
FROM source_offers
