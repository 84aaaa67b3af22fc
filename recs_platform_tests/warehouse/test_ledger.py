"""What every slice ledger keeps: the one in memory, and the platform database's on SQLite and PostgreSQL."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import event

from recs_platform.platform_db.engine import engine
from recs_platform.warehouse.database_ledger import DatabaseLedger
from recs_platform.warehouse.ledger import LedgerPage, MemoryLedger, SliceLedger, TableVersion
from recs_platform.warehouse.slices import Days, Slice, TableRef
from recs_platform_tests.conftest import new_database
from recs_platform_tests.warehouse.tables import PROFILES, VISITS, day, days

NOON = datetime(2025, 12, 1, 12, 0, 0, 123_000, UTC)
TABLE, OTHER = TableRef("shop", VISITS), TableRef("shop", PROFILES)
FIRST, SECOND, THIRD = (TableVersion("a", version) for version in (1, 2, 3))


@pytest.fixture(params=["memory", "sqlite", "postgres"])
def open_ledger(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Callable[[], SliceLedger]]:
    """Opens the same ledger again, as another process would; the one in memory has only itself."""
    if request.param == "memory":
        alone = MemoryLedger()
        yield lambda: alone
    else:
        server = request.getfixturevalue("postgres_url") if request.param == "postgres" else None
        with new_database(tmp_path, server) as url:
            yield lambda: DatabaseLedger(url)


def made(of: Days, rows: int | None = 3, run: str | None = "r1") -> list[Slice]:
    return [Slice(day, rows, NOON, run, {"run": run, "rows": rows}) for day in of]


def test_nothing_is_told_of_a_table_that_nobody_entered(open_ledger: Callable[[], SliceLedger]) -> None:
    ledger = open_ledger()
    assert ledger.page(TABLE) is None
    assert ledger.slices_in(TABLE, FIRST) is None
    assert not ledger.advance(TABLE, FIRST, SECOND, None, made(days(0, 0)))
    assert ledger.page(TABLE) is None


def test_what_was_entered_is_told_of_its_state_alone(open_ledger: Callable[[], SliceLedger]) -> None:
    slices = [*made(days(0, 1)), *made(days(2, 2), rows=0), *made(days(3, 3), rows=None, run=None)]
    assert open_ledger().advance(TABLE, None, FIRST, days(0, 3), slices)
    for ledger in (open_ledger(), open_ledger()):
        assert ledger.slices_in(TABLE, FIRST) == tuple(slices)
        assert ledger.page(TABLE) == LedgerPage(FIRST, tuple(slices))
        assert ledger.slices_in(TABLE, SECOND) is None
        assert ledger.slices_in(TABLE, TableVersion("b", 1)) is None
        assert ledger.page(OTHER) is None
    assert [(s.day, s.empty) for s in slices] == [
        (day(0), False),
        (day(1), False),
        (day(2), True),
        (day(3), False),
    ]


def test_a_range_takes_the_place_of_its_days_and_everything_of_all(open_ledger: Callable[[], SliceLedger]) -> None:
    ledger = open_ledger()
    assert ledger.advance(TABLE, None, FIRST, days(0, 4), made(days(0, 4)))
    assert ledger.advance(TABLE, FIRST, SECOND, days(1, 2), made(days(2, 2), rows=7))
    assert [(s.day, s.rows) for s in ledger.slices_in(TABLE, SECOND) or ()] == [
        *((day(0), 3), (day(2), 7)),
        *((day(3), 3), (day(4), 3)),
    ]
    assert open_ledger().page(TABLE) == ledger.page(TABLE)
    assert ledger.advance(TABLE, SECOND, THIRD, None, made(days(9, 9)))
    assert [s.day for s in open_ledger().slices_in(TABLE, THIRD) or ()] == [day(9)]


def test_a_ledger_that_has_moved_on_is_left_as_it_is(open_ledger: Callable[[], SliceLedger]) -> None:
    ledger, other = open_ledger(), open_ledger()
    assert ledger.advance(TABLE, None, FIRST, None, made(days(0, 0)))
    assert other.advance(TABLE, FIRST, SECOND, days(1, 1), made(days(1, 1)))
    page = other.page(TABLE)
    for was in (None, FIRST, THIRD, TableVersion("b", 2)):
        assert not ledger.advance(TABLE, was, THIRD, None, made(days(5, 5)))
        assert open_ledger().page(TABLE) == page
    assert ledger.page(TABLE) == page, "what it remembered is of the past"
    assert ledger.slices_in(TABLE, SECOND) == page.slices if page else False


def test_a_table_that_is_gone_is_told_of_no_more(open_ledger: Callable[[], SliceLedger]) -> None:
    ledger = open_ledger()
    assert ledger.advance(TABLE, None, FIRST, None, made(days(0, 3)))
    assert ledger.advance(OTHER, None, FIRST, None, made(days(0, 1)))
    assert ledger.advance(TABLE, FIRST, None, None, ())
    assert open_ledger().page(TABLE) is None
    assert len(open_ledger().slices_in(OTHER, FIRST) or ()) == 2
    assert ledger.advance(TABLE, None, TableVersion("b", 1), None, made(days(7, 7)))
    assert [s.day for s in open_ledger().slices_in(TABLE, TableVersion("b", 1)) or ()] == [day(7)]


def test_years_are_entered_at_once(open_ledger: Callable[[], SliceLedger]) -> None:
    years = Days(day(0), day(0) + timedelta(days=2_499))
    assert open_ledger().advance(TABLE, None, FIRST, years, made(years))
    assert [s.day for s in open_ledger().slices_in(TABLE, FIRST) or ()] == list(years)


def test_of_several_at_once_one_advances(open_ledger: Callable[[], SliceLedger]) -> None:
    ledgers = [open_ledger() for _ in range(4)]
    assert ledgers[0].advance(TABLE, None, FIRST, None, ())
    for number in range(1, 20):
        was, now = TableVersion("a", number), TableVersion("a", number + 1)

        today = days(number % 5, number % 5)

        def step(writer: int, was: TableVersion = was, now: TableVersion = now, of: Days = today) -> tuple[int, bool]:
            return writer, ledgers[writer].advance(TABLE, was, now, of, made(of, run=f"w{writer}"))

        with ThreadPoolExecutor(len(ledgers)) as threads:
            won = [writer for writer, advanced in threads.map(step, range(len(ledgers))) if advanced]
        assert len(won) == 1
        slices = open_ledger().slices_in(TABLE, now) or ()
        assert [s.run for s in slices if s.day == day(number % 5)] == [f"w{won[0]}"]


def test_a_day_that_asks_often_asks_the_database_once(database: str) -> None:
    assert DatabaseLedger(database).advance(TABLE, None, FIRST, None, made(days(0, 89)))
    statements: list[str] = []
    event.listen(engine(database), "before_cursor_execute", lambda *given: statements.append(given[2]))
    ledger = DatabaseLedger(database)
    for _ in range(200):
        assert len(ledger.slices_in(TABLE, FIRST) or ()) == 90
    assert len(statements) == 1
    statements.clear()
    assert ledger.advance(TABLE, FIRST, SECOND, days(0, 89), made(days(0, 89), rows=4))
    assert len([statement for statement in statements if statement.startswith("INSERT")]) == 1
    assert {s.rows for s in ledger.slices_in(TABLE, SECOND) or ()} == {4}
    assert len(statements) == 3, "what it wrote itself it need not read"


def test_what_else_is_kept_in_the_database_waits_for_the_disk(tmp_path: Path) -> None:
    with new_database(tmp_path, None) as database:
        assert DatabaseLedger(database).advance(TABLE, None, FIRST, None, made(days(0, 1)))
        with engine(database).connect() as connection:
            assert connection.exec_driver_sql("PRAGMA synchronous").scalar() == _FULL


_FULL = 2
