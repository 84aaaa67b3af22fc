-- One row per row of the company's fitment feed, with the reason why it cannot be used, if there is one.
SELECT
  @as_of AS as_of,
  vehicle_year,
  vehicle_make,
  vehicle_model,
  item_id,
  CASE
    WHEN unreadable IS NOT NULL THEN unreadable
    WHEN vehicle_year IS NULL THEN 'vehicle_year is missing'
    WHEN vehicle_make IS NULL THEN 'vehicle_make is missing'
    WHEN vehicle_model IS NULL THEN 'vehicle_model is missing'
    WHEN item_id IS NULL THEN 'item_id is missing'
    WHEN vehicle_year < 1885 OR vehicle_year > 2100 THEN 'vehicle_year is impossible'
  END AS rejection
FROM source_fitment
