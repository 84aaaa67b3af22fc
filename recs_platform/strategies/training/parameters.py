"""What a strategy that trains a model can be told of it, whatever it ranks. Not here: what its calendar is."""

from __future__ import annotations

from pydantic import Field

from recs_platform.declarations.parameters import Parameters


class TrainingParameters(Parameters):
    model_tolerance: float = Field(
        0.005,
        ge=0,
        le=0.5,
        description="Leading figure (ROC AUC; of lists NDCG) by which a new model may be worse and still go active.",
    )
    training_seed: int = Field(1, ge=0, le=2**31 - 1, description="Decides all that is random in training.")
    retrain_cool_down_days: int = Field(3, ge=1, le=60, description="Days between two trainings, at least.")
    drifted_features: int = Field(1, ge=1, le=100, description="Features that must have drifted to ask for a training.")
    drift_repeat_days: int = Field(
        35, ge=1, le=365, description="Days after which drift that lasts asks for a training again."
    )
