"""How examples are shared out and by what models are judged do not depend on each other: each pair works."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from recs_platform.models.artifact import load, save
from recs_platform.models.boosted import BOOSTED
from recs_platform.models.by_days import BY_DAYS
from recs_platform.models.by_groups import ByGroups
from recs_platform.models.challenge import challenge
from recs_platform.models.chances import CHANCES
from recs_platform.models.choice import BEST_ON_VALIDATION, SIMPLEST
from recs_platform.models.design import Design, measure_of
from recs_platform.models.final import finals_of
from recs_platform.models.list_order import ListOrder
from recs_platform.models.logistic import LOGISTIC
from recs_platform.models.settings import FitSettings
from recs_platform.models.training import train
from recs_platform.models.yardsticks import Yardstick
from recs_platform_tests.models.worlds import FEATURES, PROVENANCE, SETTINGS, linear, read, rows

DESIGNS = {
    "chances by clients": Design(ByGroups(0.2, 0.2), CHANCES, SIMPLEST),
    "lists by days": Design(BY_DAYS, ListOrder(3), SIMPLEST),
    "lists by clients": Design(ByGroups(0.2, 0.2), ListOrder(3), BEST_ON_VALIDATION),
}


@pytest.mark.parametrize("name", DESIGNS)
def test_each_pair_trains_judges_serves_and_comes_back(name: str, tmp_path: Path) -> None:
    design, examples = DESIGNS[name], read(rows(linear))
    training = train(
        examples,
        SETTINGS,
        PROVENANCE,
        kinds=(LOGISTIC, BOOSTED),
        yardsticks=(Yardstick("noise", "noise"),),
        design=design,
    )
    verdict = challenge(training.candidate, None, training.test, 0.01, design)
    assert (verdict.activate, verdict.fit) == (True, True)
    assert design.measure.title in verdict.words
    (final,) = finals_of([training.candidate], examples, design)
    save(final, tmp_path / "model")
    loaded = load(tmp_path / "model", FEATURES, digest=final.digest)
    assert loaded.judged.digest == training.candidate.digest
    assert (loaded.manifest.format, loaded.judged.manifest.format) == (5, 5)
    assert measure_of(loaded.manifest) == design.measure
    pairs = rows(linear, count=50, seed=3)
    assert np.array_equal(loaded.probabilities(pairs), final.probabilities(pairs))
    is_calibrated = loaded.manifest.calibration is not None
    assert is_calibrated == (design.measure.length is None)
    assert (loaded.manifest.split is None) == (design.split is BY_DAYS)
    beside = challenge(training.candidate, training.models[0], training.test, 0.01, design)
    assert design.measure.examples_text(training.test.examples) in beside.words


def test_a_split_by_days_needs_days() -> None:
    with pytest.raises(TypeError, match="needs settings that have days"):
        train(read(rows(linear, count=400)), FitSettings(), PROVENANCE)
