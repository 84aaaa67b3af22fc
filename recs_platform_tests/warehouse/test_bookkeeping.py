"""The slice ledger says what the commits of a warehouse say, whatever happened to who wrote it.

Not here: what only a lake's log can do (lake/test_bookkeeping.py), and what BigQuery loses (bigquery/test_damage.py).
"""

from __future__ import annotations

import random
import sqlite3
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from recs_platform.errors import SliceError
from recs_platform.warehouse.database_ledger import DatabaseLedger
from recs_platform.warehouse.lake.evidence import AUDITED
from recs_platform.warehouse.ledger import MemoryLedger, SliceLedger
from recs_platform.warehouse.protocol import Warehouse
from recs_platform.warehouse.slices import Slice
from recs_platform_tests.stores.fixtures import IN_STORES
from recs_platform_tests.warehouse.conftest import BIGQUERY, open_at, place_of, root_anywhere
from recs_platform_tests.warehouse.processes import (
    FORKING,
    PATIENCE,
    start,
    write_and_die_before_it_is_entered,
    write_with_a_ledger,
)
from recs_platform_tests.warehouse.tables import DATASET, VISITS, day, days, ref, visits, write


@pytest.fixture
def database(tmp_path: Path) -> str:
    return f"sqlite:///{tmp_path / 'platform.db'}"


@pytest.fixture(params=["folder", "url", BIGQUERY])
def ledgered(request: pytest.FixtureRequest, tmp_path: Path, database: str) -> Warehouse:
    """A warehouse with the ledger of an environment."""
    root = root_anywhere(request, request.param, tmp_path / "lake")
    return open_at(root, tmp_path / "scratch", ledger=DatabaseLedger(database))


@pytest.fixture(params=["folder", *IN_STORES, BIGQUERY])
def ledgered_anywhere(request: pytest.FixtureRequest, tmp_path: Path, database: str) -> Warehouse:
    """The same, wherever one can be: for tests of what a bucket might do otherwise."""
    root = root_anywhere(request, request.param, tmp_path / "lake")
    return open_at(root, tmp_path / "scratch", ledger=DatabaseLedger(database))


def with_ledger(warehouse: Warehouse, ledger: SliceLedger) -> Warehouse:
    """The same warehouse, as somebody sees it who has just come."""
    return open_at(*place_of(warehouse), ledger=ledger)


def proved(warehouse: Warehouse) -> list[Slice]:
    """What the commits alone say, to a ledger that knows nothing yet."""
    return list(with_ledger(warehouse, MemoryLedger()).slices(ref()))


def entered(tmp_path: Path) -> dict[str, tuple[int | None, str | None]]:
    """Day: rows and run, as anybody reads them from the database."""
    with sqlite3.connect(tmp_path / "platform.db") as connection:
        rows = connection.execute(
            "SELECT day, rows, run_id FROM ledger_slices WHERE dataset = ? AND table_name = ? ORDER BY day",
            (DATASET, VISITS.name),
        ).fetchall()
    return {day: (count, run) for day, count, run in rows}


def test_a_slice_is_entered_with_its_rows_its_run_and_its_time(ledgered: Warehouse, tmp_path: Path) -> None:
    before = datetime.now(UTC) - timedelta(seconds=1)
    write(ledgered, days(0, 2), [*visits([day(0)], each=4), *visits([day(2)], each=2)], note={"run": "r1"})
    write(ledgered, days(1, 1), [], note={"run": "r2"})
    first, second, third = ledgered.slices(ref())
    assert [(s.day, s.rows, s.empty, s.run) for s in (first, second, third)] == [
        *((day(0), 4, False, "r1"), (day(1), 0, True, "r2")),
        (day(2), 2, False, "r1"),
    ]
    assert before < first.made_at == third.made_at <= second.made_at < datetime.now(UTC) + timedelta(seconds=1)
    noted = {"company": "shop", "first": str(day(1)), "last": str(day(1)), "rows": 0, "run": "r2"}
    # The lake alone notes by which rules it audited.
    assert {name: said for name, said in second.note.items() if name != AUDITED} == noted
    assert ledgered.days(ref()) == list(days(0, 2))
    assert entered(tmp_path) == {str(day(0)): (4, "r1"), str(day(1)): (0, "r2"), str(day(2)): (2, "r1")}


def test_a_slice_that_is_refused_is_not_entered(ledgered: Warehouse, tmp_path: Path) -> None:
    write(ledgered, days(0, 0), visits([day(0)]), note={"run": "r1"})
    with pytest.raises(SliceError):
        write(ledgered, days(0, 1), visits([day(0)], pages=-1), note={"run": "r2"})
    assert entered(tmp_path) == {str(day(0)): (3, "r1")}
    assert ledgered.days(ref()) == [day(0)]


def test_a_commit_that_its_writer_did_not_live_to_enter_is_found(
    ledgered_anywhere: Warehouse, tmp_path: Path, database: str
) -> None:
    write(ledgered_anywhere, days(0, 1), visits(days(0, 1)), note={"run": "r1"})
    for mark in range(1, 4):
        of = days(mark, mark + 1)
        writer = start(write_and_die_before_it_is_entered, *place_of(ledgered_anywhere), database, of, mark)
        writer.join(PATIENCE)
        assert writer.exitcode == -9
        assert entered(tmp_path).get(str(day(mark + 1))) is None, "it was killed before"
        if mark < 3:
            # Whoever comes next finds it, also by writing something else.
            write(ledgered_anywhere, days(9, 9), [], note={"run": "next"})
        assert ledgered_anywhere.days(ref()) == [*days(0, mark + 1), day(9)]
        assert entered(tmp_path)[str(day(mark + 1))] == (2, f"killed {mark}")
    assert list(ledgered_anywhere.slices(ref())) == proved(ledgered_anywhere)


def test_several_writers_at_once_leave_nothing_out(ledgered: Warehouse, tmp_path: Path, database: str) -> None:
    gate, answers = FORKING.Barrier(3), FORKING.Queue()
    plans = {1: [days(0, 1), days(4, 4)], 2: [days(1, 2), days(5, 5)], 3: [days(2, 3), days(1, 1)]}
    writers = [
        start(write_with_a_ledger, *place_of(ledgered), database, ranges, mark, gate, answers)
        for mark, ranges in plans.items()
    ]
    assert {answers.get(timeout=PATIENCE) for _ in writers} == set(plans)
    for writer in writers:
        writer.join(PATIENCE)
    assert ledgered.days(ref()) == list(days(0, 5))
    assert list(ledgered.slices(ref())) == proved(ledgered)
    assert {d: (s.rows, s.run) for s in ledgered.slices(ref()) if (d := str(s.day))} == entered(tmp_path)


def test_a_database_that_was_lost_is_filled_again(ledgered: Warehouse, tmp_path: Path) -> None:
    write(ledgered, days(0, 2), visits(days(0, 2)), note={"run": "r1"})
    write(ledgered, days(1, 1), visits([day(1)], each=1), note={"run": "r2"})
    before = list(ledgered.slices(ref()))
    other = with_ledger(ledgered, DatabaseLedger(f"sqlite:///{tmp_path / 'new' / 'platform.db'}"))
    assert list(other.slices(ref())) == before


def test_what_is_entered_is_what_the_commits_prove_in_any_order(ledgered: Warehouse, tmp_path: Path) -> None:
    """Writes and vacuums, some of them by others who enter nothing."""
    chance = random.Random(20251201)
    others = with_ledger(ledgered, MemoryLedger())
    for step in range(12):
        warehouse = others if chance.random() < 0.4 else ledgered
        if step % 5 == 4:
            warehouse.vacuum(ref())
        else:
            first = chance.randrange(8)
            of = days(first, first + chance.randrange(4))
            write(warehouse, of, visits(list(of)[chance.randrange(2) :]), note={"run": f"r{step}"})
        if chance.random() < 0.5:
            assert list(ledgered.slices(ref())) == proved(ledgered)
    assert list(ledgered.slices(ref())) == proved(ledgered)
    assert list(entered(tmp_path)) == [str(one) for one in ledgered.days(ref())]
