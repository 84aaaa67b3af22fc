"""The two sides of the features' benchmark find the same features, and a difference would be told; scoring is measured
as a run scores."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from unittest.mock import patch

import pytest

from recs_platform.bench import offer_day
from recs_platform_tests.bench.own_environment import own_environment

pytestmark = pytest.mark.slow

CUSTOMERS = 400


@dataclass(frozen=True)
class Seen:
    features: tuple[int, int]
    """Rows of either side."""
    difference: str
    scores: tuple[int, int]
    runs_scored: int
    """How often scoring was what a run calls."""


def both_sides(home: Path) -> Seen:
    offer_day.fill(home, CUSTOMERS)
    features = (
        offer_day.measure_features(home, CUSTOMERS).rows,
        offer_day.measure_features_plainly(home, CUSTOMERS).rows,
    )
    offer_day.make_candidate_features(home, CUSTOMERS)
    from recs_platform.model_registry import scoring

    stream = scoring.Scorer.score_stream
    with patch.object(scoring.Scorer, "score_stream", autospec=True, side_effect=stream) as scored:
        scores = (
            offer_day.measure_scoring(home, CUSTOMERS).rows,
            offer_day.measure_scoring_plainly(home, CUSTOMERS).rows,
        )
    return Seen(features, told_difference(home), scores, scored.call_count)


def told_difference(home: Path) -> str:
    sums = home / "sums.json"
    noted = json.loads(sums.read_text())
    noted["promo_affinity"][0] += 1
    sums.write_text(json.dumps(noted))
    try:
        offer_day.measure_features(home, CUSTOMERS)
    except RuntimeError as error:
        return str(error)
    return "a difference passed"


@pytest.fixture(scope="module")
def seen(tmp_path_factory: pytest.TempPathFactory) -> Seen:
    with own_environment():
        return both_sides(tmp_path_factory.mktemp("bench"))


def test_pandas_finds_the_same_features(seen: Seen) -> None:
    assert seen.features == (10 * CUSTOMERS, 10 * CUSTOMERS)
    assert seen.difference.startswith("the two sides disagree: promo_affinity")


def test_what_is_measured_is_how_a_run_scores(seen: Seen) -> None:
    ours, plain = seen.scores
    assert ours == plain > CUSTOMERS
    assert seen.runs_scored == 1
