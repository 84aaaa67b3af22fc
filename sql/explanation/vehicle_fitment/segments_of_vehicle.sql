-- One row per segment that a vehicle belongs to and item that owners of the segment ordered.
-- given: @vehicle, @make_and_model, @make
SELECT tier, segment, item_id, orders, weighted_orders, segment_orders
FROM segment_popularity
WHERE (tier = 'vehicle' AND segment = @vehicle)
  OR (tier = 'model' AND segment = @make_and_model)
  OR (tier = 'make' AND segment = @make)
  OR tier = 'global'
ORDER BY tier, item_id
