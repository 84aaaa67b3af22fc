"""What is counted of several checks in one statement is what each of them finds: for every check of the platform, over
random rows with NULLs."""

from __future__ import annotations

import random
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from functools import cached_property
from typing import Any

import duckdb
import pyarrow as pa
import pytest
from sqlglot import exp

from recs_platform.companies.model import Company
from recs_platform.pipeline.check_steps import check_steps
from recs_platform.pipeline.pipeline import Pipeline
from recs_platform.schemas.field import Field
from recs_platform.schemas.table import Column, Table, TableSpec, log, spec_of
from recs_platform.strategies.catalogue import pipelines
from recs_platform.warehouse.check import Check, CheckVerdict, judge, read_check
from recs_platform.warehouse.judging import judge_all
from recs_platform.warehouse.lake.compile import duckdb_sql
from recs_platform.warehouse.point_in_time import View
from recs_platform.warehouse.protocol import BoundQuery
from recs_platform.warehouse.query import parse_query
from recs_platform.warehouse.slices import Days
from recs_platform.warehouse.tally import rows_of, sharing, tally, violations_of
from recs_platform_tests.companies.of_each_strategy import companies_of_each_strategy

DAY = date(2025, 9, 10)
_STRATEGIES = tuple(pipelines())


@dataclass(frozen=True)
class InDuckDb:
    """The part of a warehouse that judging needs: tables of one day each, by name."""

    tables: Mapping[str, pa.Table]

    @contextmanager
    def run(self, bound: BoundQuery) -> Iterator[pa.RecordBatchReader]:
        with self._stored.cursor() as connection:
            connection.execute("SET TimeZone = 'UTC'")
            for view in bound.views:
                connection.execute(f"CREATE TEMP VIEW {view.name} AS FROM stored.{view.spec.name}")
            yield connection.execute(duckdb_sql(bound.query, bound.values)).to_arrow_reader()

    @cached_property
    def _stored(self) -> duckdb.DuckDBPyConnection:
        """DuckDB cannot push every filter into a table of Arrow's."""
        connection = duckdb.connect(config={"threads": 1})
        connection.execute("CREATE SCHEMA stored")
        for name, rows in self.tables.items():
            connection.register("given", rows)
            connection.execute(f"CREATE TABLE stored.{name} AS FROM given")
        return connection


def found(warehouse: Any, check: Check, bound: BoundQuery) -> tuple[int, int]:
    """The rows that break the rule and those that it is about, each by a query of its own."""
    with warehouse.run(bound) as reader:
        violations = sum(batch.num_rows for batch in reader)
    with warehouse.run(replace(bound, query=check.counting)) as reader:
        (rows,) = reader.read_all()["n"].to_pylist()
    return violations, rows


def counted(warehouse: Any, asked: list[tuple[Check, BoundQuery]]) -> list[tuple[int, int]]:
    """Both numbers of each, by the statement of all."""
    views = {view.name: view for _, bound in asked for view in bound.views}
    query = tally(tuple(check for check, _ in asked))
    with warehouse.run(replace(asked[0][1], query=query, views=tuple(views.values()))) as reader:
        (row,) = reader.read_all().to_pylist()
    return [(row[violations_of(number)], row[rows_of(number)]) for number in range(len(asked))]


def random_rows(spec: TableSpec, texts: list[str], chance: random.Random) -> pa.Table:
    """Some rows of a table, in which any nullable value may be missing."""

    def value(column: Column) -> Any:
        if column.nullable and chance.random() < 0.25:
            return None
        kinds: dict[pa.DataType, Any] = {
            pa.string(): chance.choice(texts),
            pa.int64(): chance.randrange(-1, 4),
            pa.float64(): chance.choice([-0.5, 0.0, 0.0005, 0.5, 1.0, 2.0]),
            pa.bool_(): chance.random() < 0.5,
            pa.date32(): DAY - timedelta(days=chance.randrange(3)),
            pa.timestamp("us"): datetime(2025, 9, 10, chance.randrange(24)),
        }
        return kinds[column.type]

    rows = chance.choice([0, 1, 30, 60, 60, 60])
    arrays = [pa.array([value(column) for _ in range(rows)], column.type) for column in spec.columns]
    return pa.Table.from_arrays(arrays, names=[column.name for column in spec.columns])


def texts_of(pipeline: Pipeline) -> list[str]:
    """What the checks compare with, and what is nearly that."""
    trees = [check.query.tree for check, _ in pipeline.checks.values()]
    compared = {one.name for tree in trees for one in tree.find_all(exp.Literal) if one.is_string}
    plain = {text.strip("%") for text in compared}
    return sorted(plain | {"", "a@shop.example", "A@shop.example ", "RA003", "RA003B", "https://a.example/1.png"})


@pytest.mark.slow
@pytest.mark.parametrize("strategy", _STRATEGIES)
def test_checks_find_together_what_each_finds(strategy: str) -> None:
    pipeline, company = pipelines()[strategy], _company(strategy)
    chance = random.Random(strategy)
    texts = chance.sample(texts_of(pipeline), 12)
    warehouse: Any = InDuckDb({spec.name: random_rows(spec, texts, chance) for spec in pipeline.specs.values()})
    broken = 0
    for step in check_steps(pipeline):
        asked = [(pipeline.checks[n][0], pipeline.bind_check(n, company, Days.one(DAY))) for n in step.checks]
        together = counted(warehouse, asked)
        for (check, bound), verdict, numbers in zip(asked, judge_all(warehouse, asked), together, strict=True):
            assert isinstance(verdict, CheckVerdict), f"{check.name}: {verdict}"
            assert (verdict.violations, verdict.rows) == numbers == found(warehouse, check, bound), check.name
            assert verdict == judge(warehouse, check, bound)
            assert len(verdict.examples) == min(verdict.violations, 10)
            broken += verdict.violations > 0
    assert broken > len(pipeline.checks) / 8


def _company(strategy: str) -> Company:
    return companies_of_each_strategy()[strategy]


def test_checks_of_the_platform_share_scans() -> None:
    pipeline = pipelines()["vehicle_fitment"]
    shared = {
        (clause, tuple(sorted(names)))
        for step in check_steps(pipeline)
        for clause, names in sharing([pipeline.checks[name][0] for name in step.checks]).items()
    }
    assert ("FROM catalog", ("insecure_images", "items_without_price", "refurbished_items")) in shared
    assert ("FROM customers", ("customers_without_vehicle", "emails_in_upper_case")) in shared


@log(key=("visit_id",))
class Visits(Table):
    """One row per visit; its columns are named like parts of what is made of a check."""

    event_date: date = Field(description="The day.")
    visit_id: int = Field(description="Identifies the visit.")
    _violations_0: int = Field(nullable=True, description="Pages.")
    _looked_at: str = Field(nullable=True, description="What.")


VISITS = spec_of(Visits)
ROWS = [(1, 1, "a"), (2, None, "b"), (3, 3, None), (4, None, None), (5, 9, "9")]


def visits(*conditions: str, among: str = "") -> list[tuple[Check, BoundQuery]]:
    asked = []
    for number, condition in enumerate(conditions):
        text = f"-- A rule.\n-- table: visits\n-- severity: warn\n{among}SELECT visit_id FROM visits{condition}"
        query = parse_query(f"rule_{number}", text, f"sql/validation/toy/rule_{number}.sql")
        check = read_check(query, {"visits": VISITS}, frozenset())
        asked.append((check, BoundQuery(query, "shop", {}, (View("visits", VISITS, Days.one(DAY), required=False),))))
    return asked


def of_the_visits() -> Any:
    columns = [[DAY] * len(ROWS), *map(list, zip(*ROWS, strict=True))]
    arrays = [pa.array(values, column.type) for values, column in zip(columns, VISITS.columns, strict=True)]
    return InDuckDb({"visits": pa.Table.from_arrays(arrays, names=[c.name for c in VISITS.columns])})


def judged(asked: list[tuple[Check, BoundQuery]]) -> list[Any]:
    return [
        one if isinstance(one, Exception) else (one.violations, one.rows, [row["visit_id"] for row in one.examples])
        for one in judge_all(of_the_visits(), asked)
    ]


def test_what_is_neither_true_nor_false_breaks_no_rule() -> None:
    conditions = (
        " WHERE _violations_0 > 1",
        " WHERE NOT _violations_0 > 1",
        " WHERE _looked_at IS NULL OR _violations_0 > 8",
        "",
    )
    asked = visits(*conditions, among="-- among: _looked_at <> 'a'\n")
    assert len(sharing([check for check, _ in asked])["FROM visits"]) == 4
    assert judged(asked) == [(2, 2, [3, 5]), (1, 2, [1]), (3, 2, [3, 4, 5]), (5, 2, [1, 2, 3, 4, 5])]
    assert counted(of_the_visits(), asked) == [(2, 2), (1, 2), (3, 2), (5, 2)]


def test_what_does_more_than_choose_is_a_query_of_its_own() -> None:
    conditions = (
        " GROUP BY visit_id HAVING COUNT(*) > 1",
        " WHERE visit_id IN (SELECT visit_id FROM visits WHERE _looked_at = '9')",
        " ORDER BY visit_id LIMIT 2",
        " AS v WHERE v._violations_0 = 1",
        " QUALIFY ROW_NUMBER() OVER (PARTITION BY _looked_at ORDER BY visit_id) > 1",
        " WHERE _violations_0 = 9",
    )
    asked = visits(*conditions)
    assert sharing([check for check, _ in asked]) == {}
    assert judged(asked) == [(0, 5, []), (1, 5, [5]), (2, 5, [1, 2]), (1, 5, [1]), (1, 5, [4]), (1, 5, [5])]


def test_a_condition_that_cannot_be_computed_is_no_matter_of_the_others() -> None:
    asked = visits(" WHERE _violations_0 > 1", " WHERE CAST(_looked_at AS INT64) > 1", " WHERE _looked_at = 'b'")
    first, wrong, last = judged(asked)
    assert (first, last) == ((2, 5, [3, 5]), (1, 5, [2]))
    assert isinstance(wrong, duckdb.ConversionException)


def test_what_is_shown_other_days_or_values_is_asked_apart() -> None:
    (one, two) = visits(" WHERE _violations_0 > 1", " WHERE _violations_0 > 1")
    earlier = replace(two[1].views[0], days=Days.one(DAY - timedelta(days=1)))
    asked: list[str] = []

    class Counting(InDuckDb):
        @contextmanager
        def run(self, bound: BoundQuery) -> Iterator[pa.RecordBatchReader]:
            asked.append(bound.query.name)
            with super().run(bound) as reader:
                yield reader

    empty: Any = Counting({"visits": VISITS.arrow_schema.empty_table()})
    others = (
        two[1],
        replace(two[1], views=(earlier,)),
        replace(two[1], values={"as_of": DAY}),
        replace(two[1], dataset="b"),
    )
    for bound in others:
        judge_all(empty, [one, (two[0], bound)])
    assert asked == ["visits, counted", *["rule_0, judged", "rule_1, judged"] * 3]


def test_a_statement_is_known_by_all_that_it_is_made_of() -> None:
    """Whatever keeps it, compiled, finds it for these checks alone."""
    one, two = (check for check, _ in visits(" WHERE _violations_0 > 1", " WHERE _violations_0 > 2"))
    among, _ = visits(" WHERE _violations_0 > 1", "", among="-- among: visit_id > 1\n")
    several = [(one, two), (two, one), (one,), (two,), (one, one), (among[0], two)]
    made = [tally(checks) for checks in several]
    assert len(set(made)) == len(several)
    assert len({query.tree.sql() for query in made}) == len(several)
