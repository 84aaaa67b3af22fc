"""A process that is killed before any request of a replacement, a publication or a restoration, by SIGKILL.

Each is killed one request later than the one before, and comes upon what that one has left.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from recs_platform.warehouse.bigquery.jobs import passing_table
from recs_platform.warehouse.bigquery.warehouse import BigQueryWarehouse
from recs_platform.warehouse.database_ledger import DatabaseLedger
from recs_platform_tests.warehouse.bigquery.steps import (
    LIVE,
    Opened,
    Step,
    by_python,
    by_query,
    live_days,
    of_slices,
    published,
    restored,
    whole_days,
)
from recs_platform_tests.warehouse.bigquery.wire import killed, wired
from recs_platform_tests.warehouse.conftest import open_bigquery
from recs_platform_tests.warehouse.processes import PATIENCE, start
from recs_platform_tests.warehouse.tables import DATASET, day, ref


def die(project: str, scratch: Path, database: str, step: Step, mark: int, at: int) -> None:
    warehouse = open_bigquery(project, scratch, ledger=DatabaseLedger(database))
    wire = wired(warehouse)
    wire.fault, wire.at = killed, at
    step(warehouse, mark)


@pytest.mark.slow
@pytest.mark.parametrize("step", [by_query, published, restored])
def test_a_killed_process_leaves_what_was_there_or_what_it_meant(
    warehouse: BigQueryWarehouse, next_process: Opened, database: str, step: Step
) -> None:
    by_python(warehouse, 1)
    for mark in (0, 1) if step is restored else ():
        published(warehouse, mark)
    step(warehouse, 2)
    fresh = next_process()
    wire = wired(fresh)
    step(fresh, 2)
    outcomes, at = [], 0
    for at in range(1, len(wire.requests) + 1):
        mark = at + 2
        before = seen(next_process(), step)
        process = start(die, warehouse.jobs.client.project, warehouse.scratch, database, step, mark, at)
        process.join(PATIENCE)
        assert process.exitcode == -9, f"request {at}: {wire.requests[at - 1]}"
        found = seen(next_process(), step)
        assert found in (before, meant(step, mark)), f"request {at}: {wire.requests[at - 1]}"
        outcomes.append(found != before)
    # Of publications and restorations every second one means what is there already.
    assert True in outcomes
    assert False in outcomes
    if step is by_query:
        assert outcomes == sorted(outcomes)
    last = next_process()
    step(last, at + 3)
    assert seen(last, step) == meant(step, at + 3)
    assert [last.inspect(table).findings for table in (ref(), LIVE)] == [(), ()]
    assert left_behind(last)
    assert {name.split("_")[1] for name in left_behind(last)} <= {"staging", "kept"}, "they go by themselves"


def seen(warehouse: BigQueryWarehouse, step: Step) -> object:
    return of_slices(warehouse) if step is by_query else live_days(warehouse)


def meant(step: Step, mark: int) -> object:
    return whole_days(mark) if step is by_query else [day(mark % 2)]


def left_behind(warehouse: BigQueryWarehouse) -> list[str]:
    """Tables of writers that were killed, and copies of versions."""
    listed = warehouse.jobs.tables(warehouse.tables.dataset(DATASET), "_")
    return [name for name in listed if name not in ("_versions", "_commits")]


def test_a_passing_table_goes_by_itself() -> None:
    made = passing_table("shop.company_7._staging_1", [], timedelta(days=1))
    assert timedelta(hours=23) < made.expires - datetime.now(UTC) < timedelta(hours=25)
