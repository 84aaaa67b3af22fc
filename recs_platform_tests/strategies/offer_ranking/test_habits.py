"""What is planted in customers' habits is found by the features of past redemptions: models with them sort better."""

from __future__ import annotations

from pathlib import Path

import pyarrow.compute as pc
import pytest

from recs_platform.models.data import examples
from recs_platform.models.features import FeatureSet
from recs_platform.models.paired import roc_auc_difference
from recs_platform.models.provenance import Provenance
from recs_platform.models.training import train
from recs_platform.statistics.intervals import Interval
from recs_platform.strategies.offer_ranking.features import TASK
from recs_platform_tests.strategies.offer_ranking.drift_worlds import SETTINGS, DriftWorld, drift_world

pytestmark = pytest.mark.slow
HISTORY = {
    "redemptions",
    "redemption_rate",
    "days_since_last_redemption",
    "times_redeemed",
    "redemptions_in_category",
    "redemptions_of_kind",
}


def gain(world: DriftWorld) -> Interval:
    """ROC AUC in the test window with the features of past redemptions, and without."""
    final = world.impressions.filter(pc.is_valid(world.impressions["label"]))
    without = FeatureSet(tuple(spec for spec in TASK.features.specs if spec.name not in HISTORY))
    scores = []
    for features in (TASK.features, without):
        trained = train(examples(final, features, TASK.columns), SETTINGS, Provenance({}, "1"))
        scores.append(trained.candidate.probabilities(trained.test.examples.table))
    return roc_auc_difference(trained.test.judges, *scores)


@pytest.mark.parametrize("habits", [1.5, 0.0])
def test_past_redemptions_bring_what_habits_are_worth(habits: float, tmp_path: Path) -> None:
    world = drift_world(tmp_path, seed=4, customers=350, first=8, last=49, drift=1_000, habits=habits)
    found = gain(world)
    assert found.low is not None
    if habits:
        assert found.low > 0
    else:
        assert found.low <= 0, "without habits there is nothing to find"
