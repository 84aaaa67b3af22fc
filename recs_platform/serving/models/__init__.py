"""The models that the service predicts with. Not here: training and registering them (`model_registry/`)."""
