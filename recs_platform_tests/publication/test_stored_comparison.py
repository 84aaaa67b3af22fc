"""A run compares once, and what is read from the table later is what would be computed; whatever has changed since, by
whom or when, is compared again."""

from __future__ import annotations

import datetime
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from datetime import UTC, date
from typing import Any

import pyarrow as pa
import pytest

from recs_platform.pipeline.stage import SqlTable
from recs_platform.publication.proposal import Proposal, accept, propose
from recs_platform.publication.publish import rollback
from recs_platform.warehouse.lake.lake import Lake
from recs_platform.warehouse.protocol import BoundQuery, Subject
from recs_platform.warehouse.slices import Days, TableRef
from recs_platform_tests.publication.garage import DAY, FOUR, NAME, NEXT, Garage, Owner, owners
from recs_platform_tests.publication.market import NEXT as MARKET_NEXT
from recs_platform_tests.publication.market import Market, Shown, lists

pytestmark = pytest.mark.filterwarnings(
    "ignore::dagster.BetaWarning", "ignore::dagster.PreviewWarning", "ignore:Asset job"
)
NOON = datetime.datetime(2025, 9, 12, 12, tzinfo=UTC)
OTHER = ("z", *FOUR[1:])
CHANGED = [*owners(9), Owner("c9", OTHER)]
Runs = Counter[str]


@pytest.fixture
def runs(monkeypatch: pytest.MonkeyPatch) -> Runs:
    """How often each query has run, for a table or for somebody who asks."""
    counted: Runs = Counter()
    run, replace = Lake.run, Lake.replace

    def counting_run(lake: Lake, query: BoundQuery) -> AbstractContextManager[pa.RecordBatchReader]:
        counted[query.query.name] += 1
        return run(lake, query)

    def counting_replace(lake: Lake, subject: Subject, rows: Any, **more: Any) -> Any:
        if isinstance(rows, BoundQuery):
            counted[rows.query.name] += 1
        return replace(lake, subject, rows, **more)

    monkeypatch.setattr(Lake, "run", counting_run)
    monkeypatch.setattr(Lake, "replace", counting_replace)
    return counted


def comparison(garage: Garage, day: date) -> tuple[SqlTable, BoundQuery, Subject]:
    table = garage.pipeline.tables["comparison"]
    assert isinstance(table, SqlTable)
    days = Days.one(day)
    subject = Subject("comparison", NAME, garage.pipeline.ref("comparison", garage.company), days)
    return table, garage.pipeline.bind("comparison", garage.company, days), subject


def store(garage: Garage, day: date) -> None:
    """What the IO manager does with the comparison of a day."""
    table, bound, subject = comparison(garage, day)
    assert table.note is not None
    note = {"run": "r", **table.note(garage.outlet.warehouse, bound)}
    garage.outlet.warehouse.replace(subject, bound, note=note)


def make(garage: Garage, day: date, who: list[Owner], dropped: dict[str, str] | None = None) -> None:
    garage.plan(day, who, dropped)
    garage.make(day)


def proposal(garage: Garage, day: date = NEXT) -> Proposal:
    return propose(garage.outlet, garage.pipeline, garage.company, day)


@pytest.fixture
def compared(garage: Garage, runs: Runs) -> Iterator[Garage]:
    """A day is live, and the next one is made and compared with it."""
    make(garage, DAY, owners(10))
    assert accept(proposal(garage, DAY), garage.outlet, by="ann", at=NOON) is not None
    make(garage, NEXT, CHANGED)
    store(garage, NEXT)
    runs.clear()
    yield garage


def computed(garage: Garage, day: date = NEXT) -> list[dict[str, Any]]:
    _, bound, _ = comparison(garage, day)
    with garage.outlet.warehouse.run(bound) as reader:
        return _sorted(reader.read_all().to_pylist())


def _sorted(rows: Any) -> list[dict[str, Any]]:
    return sorted(map(dict, rows), key=lambda row: (row["section"], row["name"]))


def test_a_days_run_compares_once(own_home: Any, runs: Runs) -> None:
    shares = {DAY: {"(all)": {"t1": 0.5, "t2": 0.5}}, NEXT: {"(all)": {"t1": 0.4, "t2": 0.6}}}
    garage = Garage(own_home, shares=shares)
    for day in (DAY, NEXT):
        garage.plan(day, owners(10))
        runs.clear()
        assert garage.run(day).success
        assert {name: runs[name] for name in ("comparison", "allocation_comparison")} == {
            "comparison": 1,
            "allocation_comparison": 1,
        }


def test_a_days_run_of_offers_compares_once(market: Market, runs: Runs) -> None:
    market.plan(MARKET_NEXT, lists(10, "a", "b", "z"))
    assert market.run(DAY).success
    runs.clear()
    assert market.run(MARKET_NEXT).success
    assert runs["offer_comparison"] == 1


def test_what_is_stored_is_what_would_be_computed(compared: Garage, runs: Runs) -> None:
    seen = proposal(compared)
    assert runs["comparison"] == 0
    assert seen.compared is not None
    assert _sorted(seen.compared.rows) == computed(compared)


def test_what_is_stored_of_offers_is_what_would_be_computed(market: Market, runs: Runs) -> None:
    market.plan(MARKET_NEXT, {**lists(10, "a", "b", "z"), "c10": [Shown("a")]})
    market.run(DAY)
    market.run(MARKET_NEXT)
    table = market.pipeline.ref("offer_comparison", market.company)
    with market.outlet.warehouse.read(table, Days.one(MARKET_NEXT)) as reader:
        stored = _sorted(reader.read_all().to_pylist())
    rollback(market.outlet, 1, by="ann", at=NOON)
    runs.clear()
    again = propose(market.outlet, market.pipeline, market.company, MARKET_NEXT)
    assert runs["offer_comparison"] == 1, "another version is live, though of the same rows as before"
    assert again.compared is not None
    assert _sorted(again.compared.rows) == stored


def _replaced(garage: Garage) -> None:
    make(garage, NEXT, owners(7))


def _another_version(garage: Garage) -> None:
    make(garage, DAY, owners(10, parts=OTHER))
    other = proposal(garage, DAY)
    assert accept(other, garage.outlet, by="ann", at=NOON, approve=other.comparison_id) is not None


def _back_and_forth(garage: Garage) -> None:
    _another_version(garage)
    rollback(garage.outlet, 1, by="ann", at=NOON)


def _what_explains_it(garage: Garage) -> None:
    make(garage, NEXT, owners(9), {"c9": "no vehicle"})


def _live_by_hand(garage: Garage) -> None:
    make(garage, NEXT, owners(3))
    outlet = garage.outlet
    outlet.warehouse.publish(outlet.source, NEXT, outlet.live, {})
    make(garage, NEXT, CHANGED)


def _without_a_note(garage: Garage) -> None:
    _, bound, subject = comparison(garage, NEXT)
    garage.outlet.warehouse.replace(subject, bound, note={"run": "of the version before"})


def _another_writer(garage: Garage) -> None:
    _, _, subject = comparison(garage, NEXT)
    with garage.outlet.warehouse.read(subject.table, Days.one(NEXT)) as reader:
        fewer = reader.read_all().slice(0, 3)
    garage.outlet.warehouse.replace(subject, fewer.to_reader(), note={"by": "somebody"})


def _restored(garage: Garage) -> None:
    _, _, subject = comparison(garage, NEXT)
    _another_writer(garage)
    store(garage, NEXT)
    versions = garage.outlet.warehouse.versions(subject.table)
    garage.outlet.warehouse.restore(subject.table, versions[1].version)


@pytest.mark.parametrize(
    "change",
    [
        _replaced,
        _another_version,
        _back_and_forth,
        _what_explains_it,
        _live_by_hand,
        _without_a_note,
        _another_writer,
        _restored,
    ],
    ids=lambda change: change.__name__.strip("_"),
)
def test_what_has_changed_since_is_compared_again(
    compared: Garage, runs: Runs, change: Callable[[Garage], None]
) -> None:
    change(compared)
    runs.clear()
    again = proposal(compared)
    assert runs["comparison"] == 1
    assert again.compared is not None
    assert _sorted(again.compared.rows) == computed(compared)


def test_other_parameters_compare_again_only_where_the_query_reads_them(compared: Garage, runs: Runs) -> None:
    compared.parameters = {"min_stability": 0.95}
    stricter = proposal(compared)
    assert runs["comparison"] == 0, "guardrails are judged anew, the figures are the same"
    assert stricter.refusals == ["90.00% of customers in common keep all recommendations; min_stability is 95.00%"]


def test_cleaning_up_changes_nothing(compared: Garage, runs: Runs) -> None:
    _, _, subject = comparison(compared, NEXT)
    for table in (subject.table, compared.outlet.live, compared.outlet.source):
        compared.outlet.warehouse.vacuum(table)
    proposal(compared)
    assert runs["comparison"] == 0


def test_another_day_of_the_comparison_changes_nothing(compared: Garage, runs: Runs) -> None:
    store(compared, DAY)
    runs.clear()
    proposal(compared)
    assert runs["comparison"] == 0


def test_what_went_live_while_it_was_computed_is_noticed(
    compared: Garage, runs: Runs, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The note is looked up before the query runs, so the query may have seen something newer."""
    replace = Lake.replace

    def late(lake: Lake, subject: Subject, rows: Any, **more: Any) -> Any:
        if subject.asset == "comparison":
            monkeypatch.setattr(Lake, "replace", replace)
            _another_version(compared)
        return replace(lake, subject, rows, **more)

    monkeypatch.setattr(Lake, "replace", late)
    store(compared, NEXT)
    runs.clear()
    again = proposal(compared)
    assert runs["comparison"] == 1
    assert again.compared is not None
    assert _sorted(again.compared.rows) == computed(compared)


def test_what_replaces_it_while_it_is_read_is_noticed(
    compared: Garage, runs: Runs, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Rows of another writer are not taken for those that the note proves."""
    read = Lake.read

    def late(lake: Lake, table: TableRef, *days: Any) -> Any:
        if table.name == "comparison":
            monkeypatch.setattr(Lake, "read", read)
            _another_writer(compared)
        return read(lake, table, *days)

    monkeypatch.setattr(Lake, "read", late)
    again = proposal(compared)
    assert runs["comparison"] == 1
    assert again.compared is not None
    assert _sorted(again.compared.rows) == computed(compared)
