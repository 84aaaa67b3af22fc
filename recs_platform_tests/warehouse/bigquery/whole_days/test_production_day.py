"""A whole day of each strategy with production's settings: made, published, followed by another, compared, and taken
back. What people are told of it is what the lake of a laptop tells them.
"""

from __future__ import annotations

from typing import Any

import pytest

from recs_platform.strategies.catalogue import pipelines
from recs_platform.warehouse.bigquery.warehouse import BigQueryWarehouse
from recs_platform.warehouse.slices import Days
from recs_platform_tests.warehouse.bigquery.whole_days.rows import differences
from recs_platform_tests.warehouse.bigquery.whole_days.worlds import FIRST, SECOND, World

pytestmark = pytest.mark.slow

_TIMES = {"seconds", "seconds_of_tables", "published_at", "made_at", "ended_at"}
_OWN = {*_TIMES, "run_id", "published_by", "comparison_id", "checksum"}
"""What two makings of the same may differ by: when, by which run, and by which fingerprints its bytes are known."""


def test_nothing_of_the_days_stands_on_the_machine(world: World) -> None:
    with world.cloud.warehouse() as warehouse:
        assert isinstance(warehouse, BigQueryWarehouse)
        assert warehouse.jobs.datasets("recs_platform", "company") == [world.company.dataset]
    home = world.cloud.terminal.folder / ".recs"
    assert [name for name in ("lake", "platform.db", "models", "reports") if (home / name).exists()] == []
    runs = world.cloud.told["run"].json
    assert [(run["last"], run["success"]) for run in runs][-2:] == [(str(FIRST), True), (str(SECOND), True)]


@pytest.mark.parametrize("command", ["run", "status", "compare"])
def test_what_is_told_is_the_same(world: World, command: str) -> None:
    if command == "compare" and "recommendations" not in pipelines()[world.strategy].products:
        pytest.skip("it recommends nothing")
    ours, theirs = (side.told[command].json for side in (world.lake, world.cloud))
    assert differences([{"told": _shared(ours)}], [{"told": _shared(theirs)}]) == []


def test_what_was_published_is_the_same(world: World) -> None:
    for product in world.pipeline.products:
        for command in (f"published {product}", f"publications {product}"):
            ours, theirs = (_shared(side.told[command].json) for side in (world.lake, world.cloud))
            assert ours == theirs
        assert [one["version"] for one in theirs] == [3, 2, 1]
        assert [one["kind"] for one in theirs] == ["rollback", "publish", "publish"]


def test_the_first_day_is_live_again(world: World) -> None:
    """Its rows, and nothing of the second day."""
    with world.cloud.warehouse() as warehouse:
        for product in world.pipeline.products.values():
            made, live = (world.pipeline.ref(spec.name, world.company) for spec in (product.of, product.live))
            with warehouse.read(made, Days.one(FIRST)) as ours, warehouse.read(live) as theirs:
                rows = theirs.read_all().to_pylist()
                assert differences(ours.read_all().to_pylist(), rows) == []
            assert rows


def _shared(told: Any) -> Any:
    match told:
        case dict():
            return {name: _shared(value) for name, value in told.items() if name not in _OWN}
        case list():
            return [_shared(value) for value in told]
        case _:
            return told
