-- One row per part that fits a vehicle, whether it may be recommended or not.
-- given: @year INT64, @make, @model
SELECT item_id
FROM fitment
WHERE vehicle_year = @year AND vehicle_make = @make AND vehicle_model = @model
ORDER BY item_id
