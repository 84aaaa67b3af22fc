"""Every part of every benchmark at a tiny size: its data is made, its two sides run, and they handle the same rows.

Benchmarks are run by people, seldom, and what they name of the platform moves on meanwhile. Not here: whether a side
does the right thing (the benchmarks' own tests), and any time.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any
from unittest.mock import patch

import pytest

from recs_platform.bench import foundation, growth, order_rows, publication
from recs_platform.bench.growth_day import SHORT
from recs_platform.bench.measure import Done, in_own_process
from recs_platform.bench.registry import BENCHMARKS, Options
from recs_platform_tests.bench.own_environment import own_environment

pytestmark = pytest.mark.slow

TINY = {
    "growth": Options(Path(), customers=20),
    "foundation": Options(Path(), rows=1_000, customers=30),
    "vehicle-fitment": Options(Path(), customers=30),
    "campaign": Options(Path(), rows=2_000),
    "publication": Options(Path(), customers=30),
    "offer-ranking": Options(Path(), customers=300),
    "replenishment": Options(Path(), customers=150),  # of fewer, no model is trained
}
PRODUCTS, SLICES = 600, 5
SAME = {
    "v32": "v4, and the measured week of test_replenishment.py",
    "tiny-day": "overhead, and without proofs as publish",
    "growth to it": "few bought",
    "growth from it": "few bought",
    **{f"{strategy}, {n}x customers": f"{strategy}, 10x days" for strategy in SHORT for n in (10, 100)},
    **{f"{strategy}, 10x days": "replenishment, 10x days" for strategy in SHORT if strategy != "replenishment"},
}
"""Parts of the same functions at other sizes, or of another strategy: a day takes seconds, and one of them will do."""
ELSEWHERE = {"serving": "test_serving.py", "cloud": "test_cloud.py"}
"""They need servers."""


def test_none_is_forgotten() -> None:
    assert TINY.keys() | ELSEWHERE.keys() == BENCHMARKS.keys()
    assert all((Path(__file__).parent / file).exists() for file in ELSEWHERE.values())


@pytest.mark.parametrize("name", TINY)
def test_both_sides_of_every_part_run(name: str, tmp_path: Path) -> None:
    options = Options(tmp_path, TINY[name].rows, TINY[name].customers)
    with own_environment():
        rows = rows_of_parts(name, options)
    assert [part.name for part in BENCHMARKS[name].parts(options) if part.name not in SAME] == list(rows)
    assert {part: sides for part, sides in rows.items() if sides[0] != sides[1]} == {}


def rows_of_parts(name: str, options: Options) -> dict[str, tuple[int, int]]:
    """What several parts share runs once."""
    done: dict[str, Any] = {}

    def once(work: Callable[[], Any]) -> Any:
        called = str(work)
        if called not in done:
            done[called] = work()
        return done[called]

    # Ten times a tiny day is no tiny one, and one time is the same work.
    with (
        patch.object(growth, "_STEP", 1),
        patch.object(foundation, "DAYS", SLICES),
        patch.object(order_rows.OrderSize.__init__, "__defaults__", (PRODUCTS, 1.0, "v32")),
    ):
        rows = {}
        for part in BENCHMARKS[name].parts(options):
            if part.name in SAME:
                continue
            once(part.prepare)
            rows[part.name] = _rows(once(part.work)), _rows(_apart(part.baseline, once))
    return rows


def _rows(done: Done) -> int:
    assert done.seconds > 0
    assert all(seconds >= 0 for seconds in done.steps.values())
    return done.rows


def _apart(work: Callable[[], Any], once: Callable[[Callable[[], Any]], Any]) -> Any:
    """What leaves the platform without its proofs ends with its process."""
    if isinstance(work, partial) and work.func is publication.unproved:
        return in_own_process(work)
    return once(work)
