"""What a strategy asks of the ranking model: its name, its features, and where its tables say what an example is."""

from __future__ import annotations

from dataclasses import dataclass

from recs_platform.models.data import Columns
from recs_platform.models.features import FeatureSet


@dataclass(frozen=True)
class RankingTask:
    model: str
    """Its name in the registry; a company has one active version of each."""
    features: FeatureSet
    columns: Columns
