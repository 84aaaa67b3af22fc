"""What training can be told. Together with the examples it decides the model to the last byte."""

from __future__ import annotations

from typing import Literal, TypeAlias, get_args

from pydantic import BaseModel, ConfigDict, Field

Weekday: TypeAlias = Literal["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"]
WEEKDAYS: tuple[Weekday, ...] = get_args(Weekday)


class FitSettings(BaseModel):
    """What every kind of model is fitted by. How many threads work is not among it: that changes nothing."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    negatives_per_positive: float | None = Field(
        10.0, gt=0, description="Failures kept per success in training; all when null (failures per success)."
    )
    seed: int = Field(1, ge=0, le=2**31 - 1, description="Decides which failures are left out, and all else random.")
    logistic_strength: float = Field(1.0, gt=0, description="Logistic regression: the inverse of its L2 penalty.")
    most_trees: int = Field(800, ge=1, description="Trees: how many at most.")
    learning_rate: float = Field(0.05, gt=0, le=1, description="Trees: how much of an error each tree corrects (0-1).")
    leaves: int = Field(15, ge=2, description="Trees: leaves of each.")
    rows_per_leaf: int = Field(100, ge=1, description="Trees: examples that a leaf needs (rows).")
    patience: int = Field(50, ge=1, description="Trees: how many in a row may fail to improve before it stops.")

    @property
    def of_trees(self) -> dict[str, float]:
        """What LightGBM is told of them, by its own names."""
        return {
            "learning_rate": self.learning_rate,
            "num_leaves": self.leaves,
            "min_data_in_leaf": self.rows_per_leaf,
            "seed": self.seed,
        }


class SampledSettings(FitSettings):
    """And what holds trees back where there are many features and weak signals: each sees a part, and pays for what it
    says."""

    feature_share: float = Field(0.7, gt=0, le=1, description="Trees: features that each may use (0-1).")
    row_share: float = Field(0.8, gt=0, le=1, description="Trees: examples that each learns from (0-1).")
    leaf_penalty: float = Field(5.0, ge=0, description="Trees: L2 penalty on what a leaf says.")

    @property
    def of_trees(self) -> dict[str, float]:
        return {
            **super().of_trees,
            "feature_fraction": self.feature_share,
            "bagging_fraction": self.row_share,
            "bagging_freq": 1,
            "lambda_l2": self.leaf_penalty,
        }


class TrainingSettings(FitSettings):
    """And the days of a split by days."""

    validation_days: int = Field(7, ge=1, description="Days on which it is decided when to stop (days).")
    test_days: int = Field(7, ge=1, description="Newest days, on which models are compared (days).")
    gap_days: int = Field(7, ge=0, description="Days before those that are left out: what a label takes to close.")
