-- One row per part that may be recommended for a vehicle: its family, and how popular it is with owners.
-- given: @vehicle
SELECT item_id, family, popularity
FROM vehicle_ranking
WHERE vehicle = @vehicle
ORDER BY item_id
