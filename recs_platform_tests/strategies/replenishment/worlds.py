"""The replenishment world of the simulation, and what the queries make of it: feeds in memory, without a platform."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cached_property
from typing import Any

import duckdb
import pyarrow as pa

from recs_platform import __version__
from recs_platform.arguments import call_with_named
from recs_platform.companies.model import Company
from recs_platform.companies.query_parameters import query_parameters
from recs_platform.model_registry.shelf import ModelShelf
from recs_platform.pipeline.stage import FrameTable
from recs_platform.schemas.feedback import IgnoredItems
from recs_platform.schemas.feedback_sources import RecommendationFeedback
from recs_platform.schemas.replenishment import ExperimentAssignments, UnservedClients, Version, WeeklyRecommendations
from recs_platform.schemas.sources import Catalog, Events
from recs_platform.schemas.table import Table, spec_of
from recs_platform.simulation import replenishment_goods, replenishment_world
from recs_platform.simulation.replenishment_truth import planted
from recs_platform.simulation.spec import WorldSpec
from recs_platform.strategies.catalogue import company_named
from recs_platform.strategies.replenishment.candidates import replenishment_candidates
from recs_platform.strategies.replenishment.neighbours import similar_clients
from recs_platform.strategies.replenishment.parameters import ReplenishmentParameters, parameters_of
from recs_platform.strategies.replenishment.scoring import model_scores
from recs_platform.strategies.replenishment.stage import DAILY_TABLES, FEATURE_TABLES
from recs_platform.strategies.replenishment.training import ranking_model, replenishment_examples, training_plan
from recs_platform.warehouse.lake.compile import duckdb_sql
from recs_platform.warehouse.protocol import BoundQuery
from recs_platform.warehouse.slices import Days
from recs_platform_tests.sql.queries import platform_queries

SPEC = WorldSpec("concord", "replenishment", 13, 429, date(2025, 9, 1), {})
DAY = date(2025, 11, 4)
"""The last day of a block of trending products."""
_HABITS = [spec_of(model).name for model in (*DAILY_TABLES, *FEATURE_TABLES)]
_TRAINING = (training_plan, replenishment_examples, ranking_model)
_COMPUTED = (*_TRAINING, similar_clients, replenishment_candidates, model_scores)
_LISTS = ["replenishment_scores", spec_of(WeeklyRecommendations).name, spec_of(UnservedClients).name]


def days(first: date, last: date) -> list[date]:
    return [first + timedelta(days=n) for n in range((last - first).days + 1)]


def order_events(spec: WorldSpec, of_days: Iterable[date]) -> pa.Table:
    """What the feeds say of orders and returns, each event once."""
    feeds = [replenishment_world.feed(spec, "events", day).table for day in of_days]
    rows = pa.concat_tables(feeds)
    connection = duckdb.connect()
    connection.register("feed", rows)
    columns = ", ".join(name for name in rows.column_names)
    return connection.execute(
        f"""SELECT {columns}, CAST(event_ts AS DATE) AS event_date FROM feed
        WHERE event_name IN ('order_line', 'order_refunded') AND event_id IS NOT NULL AND unit_price >= 0
        QUALIFY row_number() OVER (PARTITION BY event_id ORDER BY event_ts) = 1"""
    ).to_arrow_table()


@dataclass
class InMemory:
    """The tables of a company's day, made by the queries and functions of the platform from tables that are given."""

    company: Company
    day: date
    threads: int = 2
    models: ModelShelf | None = None
    """Of version 4 alone."""
    trained: InMemory | None = None
    """Whose training this day's is, too: it takes most of the time."""
    feedback: Sequence[Mapping[str, Any]] = ()
    """Rows of recommendation_feedback."""

    def __post_init__(self) -> None:
        self.connection = duckdb.connect(config={"threads": self.threads})

    def give(self, name: str, rows: pa.Table) -> None:
        self.connection.register("given", rows)
        self.connection.execute(f"CREATE TABLE {name} AS SELECT * FROM given")
        self.connection.unregister("given")

    def make_lists(self, *, habits: Sequence[str] = _HABITS) -> None:
        """From what is given to the lists."""
        values = {**query_parameters(self.company), "as_of": self.day, "pipeline_version": __version__}
        reactions = spec_of(RecommendationFeedback)
        self.give(reactions.name, reactions.arrow_table(self.feedback))
        self._query([*habits, *({spec_of(IgnoredItems).name} - set(habits))], values)
        self.give(spec_of(ExperimentAssignments).name, spec_of(ExperimentAssignments).arrow_schema.empty_table())
        for table in _COMPUTED:
            name = table.spec.name
            known = self.trained is not None and table in _TRAINING
            self.give(name, self.trained.table(name) if self.trained and known else self.computed(table))
        self._query(_LISTS, values)

    def _query(self, names: Iterable[str], values: Mapping[str, Any]) -> None:
        for name in names:
            query = platform_queries()[name]
            self.connection.execute(f"CREATE TABLE {name} AS {duckdb_sql(query, values)}")

    def computed(self, table: FrameTable) -> pa.Table:
        """A table that is made in Python."""
        inputs = {name: self._input(name, form) for name, form in table.inputs.items()}
        given = {"company": self.company, "days": Days.one(self.day), "models": self.models, "warehouse": self}
        rows = call_with_named(table.function, **given, **inputs)
        return rows.read_all() if isinstance(rows, pa.RecordBatchReader) else rows

    def _input(self, name: str, form: Any) -> Any:
        if form is BoundQuery:
            return name
        rows = self.table(name)
        return rows.to_reader(1000) if form is pa.RecordBatchReader else rows

    def table(self, name: str) -> pa.Table:
        rows = self.connection.execute(f"SELECT * FROM {name}").to_arrow_table()
        # Sums are of a type of DuckDB's own, which the lake stores as whole numbers.
        fields = [pa.field(f.name, pa.int64() if pa.types.is_decimal(f.type) else f.type) for f in rows.schema]
        return rows.cast(pa.schema(fields))

    @contextmanager
    def run(self, query: str) -> Iterator[pa.RecordBatchReader]:
        """As a function asks the warehouse."""
        yield self.table(query).to_reader(1000)

    def rows(self, text: str) -> list[tuple[Any, ...]]:
        return self.connection.execute(text).fetchall()


class Concord(InMemory):
    """The simulated company's day; without some items, which nobody sells any more."""

    def __init__(
        self,
        events: pa.Table,
        discontinued: frozenset[str] = frozenset(),
        threads: int = 2,
        parameters: Mapping[str, Any] | None = None,
        version: Version = "v32",
        models: ModelShelf | None = None,
        day: date = DAY,
        trained: InMemory | None = None,
        feedback: Sequence[Mapping[str, Any]] = (),
    ) -> None:
        chosen = with_parameters({"version": version, **(parameters or {})})
        super().__init__(chosen, day, threads, models, trained, feedback)
        before = day - timedelta(days=parameters_of(self.company).new_item_days)
        self.give("events", whole(Events, events))
        self.give("catalog", _catalog(day, discontinued))
        self.give("catalog_before", _catalog(before, discontinued))
        self.make_lists()

    @cached_property
    def truth(self) -> dict[str, Any]:
        return planted(SPEC)


def _catalog(day: date, discontinued: frozenset[str]) -> pa.Table:
    listed = replenishment_world.feed(SPEC, "catalog", day).table.to_pylist()
    usable = [row for row in listed if row["item_id"] and (row["price"] or 0) >= 0]
    sold = {row["item_id"]: row for row in usable if row["item_id"] not in discontinued}
    return whole(Catalog, pa.Table.from_pylist(list(sold.values())))


def with_parameters(parameters: Mapping[str, Any]) -> Company:
    chosen = ReplenishmentParameters.model_validate(parameters)
    return company_named("concord").model_copy(update={"parameters": chosen})


def whole(model: type[Table], rows: pa.Table) -> pa.Table:
    """With all columns of the table, in order; those that are not there are NULL."""
    columns = {
        column.name: rows[column.name] if column.name in rows.column_names else pa.nulls(len(rows), column.type)
        for column in spec_of(model).columns
    }
    return pa.table(columns)


def due_pairs(after: date, number: int) -> set[tuple[str, str]]:
    """Client and product of every re-order that falls due in so many days after a day."""
    habits = replenishment_goods.habits(SPEC)
    clients = replenishment_world.people(SPEC).ids.to_pylist()
    products = replenishment_goods.products(SPEC).ids.to_pylist()
    found = set()
    for day in days(after + timedelta(days=1), after + timedelta(days=number)):
        for habit in replenishment_world._due(SPEC, day):
            found.add((clients[habits.client[habit]], products[habits.product[habit]]))
    return found
