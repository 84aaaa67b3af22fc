"""The two sides of the features' benchmark find the same features, and a difference would be told."""

from __future__ import annotations

import json
from pathlib import Path

from recs_platform.bench import offer_day
from recs_platform.bench.measure import in_own_process

CUSTOMERS = 150


def both_sides(home: Path) -> tuple[int, int, str]:
    """In one process, because the platform takes seconds to import."""
    offer_day.fill(home, CUSTOMERS)
    ours = offer_day.measure_features(home, CUSTOMERS)
    plain = offer_day.measure_features_plainly(home, CUSTOMERS)
    sums = home / "sums.json"
    noted = json.loads(sums.read_text())
    noted["promo_affinity"][0] += 1
    sums.write_text(json.dumps(noted))
    try:
        offer_day.measure_features(home, CUSTOMERS)
    except RuntimeError as error:
        return ours.rows, plain.rows, str(error)
    return ours.rows, plain.rows, "a difference passed"


def test_pandas_finds_the_same_features(tmp_path: Path) -> None:
    ours, plain, told = in_own_process(both_sides, tmp_path)
    assert (ours, plain) == (1_500, 1_500)
    assert told.startswith("the two sides disagree: promo_affinity")
