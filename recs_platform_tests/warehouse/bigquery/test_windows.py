"""No query reads more than its window: what BigQuery scans, and bills, stays the same while a history grows.

The emulator counts no bytes, so the days are counted that each view of each query shows of the partitions that there
are, in the very text that is sent. Nothing is sent here, except by the last test.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from functools import partial
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import sqlglot
from sqlglot import exp

from recs_platform.companies.model import Company
from recs_platform.pipeline.pipeline import Pipeline
from recs_platform.pipeline.stage import FrameTable, SqlTable
from recs_platform.strategies.catalogue import pipelines
from recs_platform.warehouse.bigquery.bill import Bill
from recs_platform.warehouse.bigquery.warehouse import BigQueryWarehouse
from recs_platform.warehouse.ledger import LedgerPage, MemoryLedger, TableVersion
from recs_platform.warehouse.point_in_time import View
from recs_platform.warehouse.protocol import BoundQuery
from recs_platform.warehouse.query import load_queries, parse_query, sql_folder
from recs_platform.warehouse.slices import ALL_DAYS, Days, Slice
from recs_platform_tests.companies.of_each_strategy import companies_of_each_strategy
from recs_platform_tests.warehouse.bigquery.wire import Wire
from recs_platform_tests.warehouse.tables import DATASET, VISITS, day, days, ref, visits, write

TODAY = date(2025, 12, 1)
SHORT, LONG = 1_200, 12_000
"""Days of history. The longest look-back is shorter than both."""


@dataclass(frozen=True)
class Stored:
    """Tables that are all there, with a history of so many days; a live table holds one. Nothing is behind it."""

    pipeline: Pipeline
    days: int

    client = SimpleNamespace(project="shop-project")

    def columns(self, path: str) -> dict[str, str]:
        return {column.name: column.sql_type for column in self.pipeline.specs[path.rpartition(".")[2]].columns}

    def rows(self, path: str, columns: object) -> list[dict[str, Any]]:
        return [{"table_name": name, "table_id": "t", "version": 1} for name in self.pipeline.specs]

    def warehouse(self, company: Company) -> BigQueryWarehouse:
        ledger, at = MemoryLedger(), datetime(2025, 12, 2, tzinfo=UTC)
        slices = tuple(Slice(one, 1, at, None, {}) for one in Days.ending(TODAY, self.days))
        for name in self.pipeline.specs:
            made = slices[-len(self.made(name)) :]
            ledger._pages[company.dataset, name] = LedgerPage(TableVersion("t", 1), made)
        return BigQueryWarehouse(self, timedelta(days=30), Path("unused"), ledger)  # type: ignore[arg-type]

    def made(self, table: str) -> Days:
        live = {product.live.name for product in self.pipeline.products.values()}
        return Days.ending(TODAY, 1 if table in live else self.days)

    def scanned(self, warehouse: BigQueryWarehouse, query: BoundQuery) -> dict[str, int]:
        """View: the partitions that it reads, by the text as it is sent."""
        with ExitStack() as opened:
            sent = warehouse._question(replace(query, incoming={}), opened, {}, Bill())
        return {
            name: max((min(last, TODAY) - max(first, self.made(table).first)).days + 1, 0)
            for name, (table, first, last) in windows(sent.sql, {view.name: view for view in query.views}).items()
        }


def windows(sql: str, views: dict[str, View]) -> dict[str, tuple[str, date, date]]:
    """View: which stored table it reads, and from which day to which. Fails where one is read in any other way."""
    tree = sqlglot.parse_one(sql, read="bigquery")
    found, inside = {}, 0
    with_ = tree.args.get("with_")
    for cte in with_.expressions if with_ else []:
        stored = stored_tables(cte.this)
        if cte.alias not in views:
            continue
        (table,) = stored
        (condition,) = [cte.this.args["where"].this]
        assert isinstance(condition, exp.Between), condition.sql()
        assert condition.this.name == views[cte.alias].spec.date_column
        low, high = (date.fromisoformat(condition.args[end].this.name) for end in ("low", "high"))
        found[cte.alias] = (table.name.rpartition(".")[2], low, high)
        inside += 1
    assert len(stored_tables(tree)) == inside, "a stored table is named outside of the views"
    assert found.keys() == views.keys()
    return found


def stored_tables(tree: exp.Expression) -> list[exp.Table]:
    """A stored table is named with its project and dataset; anything else is an expression of the statement."""
    return [table for table in tree.find_all(exp.Table) if table.db or "." in table.name]


def queries(pipeline: Pipeline, company: Company) -> Iterator[tuple[str, Callable[[], BoundQuery]]]:
    """Every query of a strategy, for a day: path, and what binds it."""
    today = Days.one(TODAY)
    for name, table in pipeline.tables.items():
        match table:
            case SqlTable():
                yield table.query.path, partial(pipeline.bind, name, company, today)
            case FrameTable():
                for other in table.inputs:
                    yield f"{name} takes {other}", partial(pipeline.bind_input, name, other, company, today)
    for name, (check, _) in pipeline.checks.items():
        yield check.query.path, partial(pipeline.bind_check, name, company, today)
    for name, question in pipeline.questions.items():
        yield question.query.path, partial(pipeline.ask, name, company, TODAY, question.placeholders())


@pytest.mark.slow
@pytest.mark.parametrize("strategy", list(pipelines()))
def test_what_a_query_scans_does_not_grow_with_the_history(strategy: str) -> None:
    pipeline, company = pipelines()[strategy], started(strategy)
    short, long = Stored(pipeline, SHORT), Stored(pipeline, LONG)
    before, after = short.warehouse(company), long.warehouse(company)
    for path, bind in queries(pipeline, company):
        query = bind()
        assert long.scanned(after, query) == short.scanned(before, query), path


def test_every_query_is_among_them() -> None:
    paths = {path for name, one in pipelines().items() for path, _ in queries(one, started(name))}
    assert {query.path for query in load_queries(sql_folder()).values()} <= paths


def started(strategy: str) -> Company:
    """A company of it that began before the day in question."""
    return companies_of_each_strategy()[strategy].model_copy(update={"start_date": TODAY - timedelta(days=1)})


def test_a_query_without_a_window_would_be_found() -> None:
    pipeline, company = pipelines()["vehicle_fitment"], started("vehicle_fitment")
    query = pipeline.bind("recommendations", company, Days.one(TODAY))
    whole = replace(query, views=tuple(replace(view, days=ALL_DAYS) for view in query.views))
    counts = [
        sum(stored.scanned(stored.warehouse(company), whole).values())
        for stored in (Stored(pipeline, SHORT), Stored(pipeline, LONG))
    ]
    assert counts[1] > 9 * counts[0]


@pytest.mark.parametrize(
    "sql",
    [
        "WITH visits AS (SELECT a FROM `p.d.visits`) SELECT a FROM visits",
        "WITH visits AS (SELECT a FROM `p.d.visits` WHERE a > 1) SELECT a FROM visits",
        "WITH visits AS (SELECT a FROM `p.d.visits` WHERE event_date BETWEEN DATE '2025-01-01' AND DATE '2025-01-02') "
        "SELECT a FROM visits JOIN `p.d.others` USING (a)",
        "WITH visits AS (SELECT a FROM `p.d.visits` WHERE a BETWEEN DATE '2025-01-01' AND DATE '2025-01-02') "
        "SELECT a FROM visits",
    ],
)
def test_a_table_without_a_condition_on_its_day_would_be_found(sql: str) -> None:
    with pytest.raises((AssertionError, KeyError, AttributeError, TypeError)):
        windows(sql, {"visits": View("visits", VISITS, days(0, 0), required=False)})


@pytest.mark.slow
def test_what_the_engine_asks_of_a_slice_does_not_depend_on_its_history(
    warehouse: BigQueryWarehouse, wire: Wire
) -> None:
    """Its own statements: those that stage, count, replace and read a slice name the same days of the same tables."""
    write(warehouse, days(0, 1), visits(days(0, 1)))
    asked = []
    for last in (2, 30):
        write(warehouse, days(2, last), visits(days(2, last), each=1))
        wire.clear()
        copy = "SELECT event_date, visit_id, seen_at, email, pages, spent, is_member FROM visits"
        view = View("visits", VISITS, days(0, 0), required=False)
        query = BoundQuery(parse_query("visits", copy, "sql/visits.sql"), DATASET, {}, (view,))
        write(warehouse, days(0, 0), visits(days(0, 0)))
        with warehouse.run(query) as rows:
            assert rows.read_all().num_rows == 3
        warehouse.fingerprint(ref(), day(0))
        assert len(warehouse.days(ref())) == last + 1
        asked.append([_unnamed(one) for one in wire.statements])
    assert asked[0] == asked[1]
    assert len(asked[0]) == 5


def _unnamed(statement: str) -> str:
    """Without what is new in each, and in one layout."""
    numbers = re.sub(r"version\) <= \d+", "version) <= N", statement)
    return " ".join(re.sub(r"[0-9a-f]{32}", "ID", numbers).split())
