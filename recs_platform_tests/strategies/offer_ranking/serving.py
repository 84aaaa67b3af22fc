"""A model of offer ranking that serves: for tests that need one, whatever it has learned."""

from __future__ import annotations

from datetime import date
from functools import lru_cache
from pathlib import Path

from recs_platform.model_registry.shelf import ModelShelf
from recs_platform.models.challenge import ChallengeVerdict
from recs_platform.models.data import examples
from recs_platform.models.features import FeatureSet
from recs_platform.models.model import Model
from recs_platform.models.provenance import Provenance
from recs_platform.models.settings import TrainingSettings
from recs_platform.models.training import train
from recs_platform.strategies.offer_ranking.features import TASK
from recs_platform_tests.model_registry.artifacts import file_of
from recs_platform_tests.strategies.offer_ranking.market import impressions


@lru_cache(maxsize=2)
def a_model(features: FeatureSet = TASK.features) -> Model:
    table = impressions(1_000)
    closed = table.filter(table["label"].is_valid())
    settings = TrainingSettings(validation_days=7, test_days=7, gap_days=1, most_trees=5)
    return train(examples(closed, features, TASK.columns), settings, Provenance({}, "1.0.0")).candidate


def activate(shelf: ModelShelf, as_of: date, model: Model | None = None) -> Path:
    """The model serves from a day on; the file of its manifest."""
    model = model or a_model()
    verdict = ChallengeVerdict(True, "It goes active.", model.manifest.quality["test"], None)
    return file_of(shelf, shelf.keep(TASK.model, model, as_of, verdict))
