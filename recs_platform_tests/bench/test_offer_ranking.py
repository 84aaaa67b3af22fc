"""The two sides of the features' benchmark find the same features, and a difference would be told."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from recs_platform.bench import offer_day
from recs_platform.bench.measure import in_own_process

CUSTOMERS = 150


def both_sides(home: Path) -> tuple[int, int]:
    """In one process, because the platform takes seconds to import."""
    offer_day.fill(home, CUSTOMERS)
    ours = offer_day.measure_features(home, CUSTOMERS)
    plain = offer_day.measure_features_plainly(home, CUSTOMERS)
    return ours.rows, plain.rows


def plain_side(home: Path) -> None:
    offer_day.measure_features_plainly(home, CUSTOMERS)


def test_pandas_finds_the_same_features(tmp_path: Path) -> None:
    assert in_own_process(both_sides, tmp_path) == (1_500, 1_500)
    sums = tmp_path / "sums.json"
    noted = json.loads(sums.read_text())
    noted["promo_affinity"][0] += 1
    sums.write_text(json.dumps(noted))
    with pytest.raises(RuntimeError, match="the two sides disagree: promo_affinity"):
        in_own_process(plain_side, tmp_path)
