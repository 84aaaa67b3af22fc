"""The questions that people ask of a company's day, as the platform asks them: recorded while the lake answers.

Not here: comparing the answers.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from typing import Any

import pyarrow as pa

from recs_platform.campaign.report.reading import Asked, gather
from recs_platform.declarations.product import RECOMMENDATIONS
from recs_platform.errors import ConfigError
from recs_platform.pipeline.day_reader import DayReader
from recs_platform.pipeline.stored import stored_rows
from recs_platform.publication.compare import compare_days
from recs_platform.publication.verify import figures
from recs_platform.schemas.table import Kind
from recs_platform.warehouse.protocol import BoundQuery, Warehouse
from recs_platform_tests.warehouse.bigquery.whole_days.worlds import FIRST, SECOND, World

_MOST_OF_EACH = 2
"""So many of each question are worth the time, and those that have an answer first."""


@dataclass
class Recorder:
    """A warehouse that keeps what it is asked, with how many rows the answer had."""

    warehouse: Warehouse
    asked: list[tuple[BoundQuery, int]] = field(default_factory=list)

    @contextmanager
    def run(self, query: BoundQuery) -> Iterator[pa.RecordBatchReader]:
        with self.warehouse.run(query) as reader:
            rows = reader.read_all()
        self.asked.append((query, rows.num_rows))
        yield rows.to_reader()

    def __getattr__(self, name: str) -> Any:
        return getattr(self.warehouse, name)

    def by_name(self) -> dict[str, list[BoundQuery]]:
        """Each question a few times, with different values."""
        found: dict[str, list[BoundQuery]] = {}
        known = set()
        for query, _ in sorted(self.asked, key=lambda one: -min(one[1], 1)):
            this = (query.query.path, query.query.name, repr(sorted(query.values.items())), repr(query.views))
            same_name = found.setdefault(query.query.name, [])
            if this not in known and len(same_name) < _MOST_OF_EACH:
                same_name.append(query)
            known.add(this)
        return found

    @property
    def without_rows(self) -> set[str]:
        rows: dict[str, int] = {}
        for query, count in self.asked:
            rows[query.query.name] = rows.get(query.query.name, 0) + count
        return {name for name, count in rows.items() if not count}


def asked_on_the_lake(world: World) -> Recorder:
    """Everything that the day's queries do not ask: why a customer is recommended what it is, what a part of the
    messages brought, what two days differ by, and what the live tables hold."""
    with world.lake.warehouse() as warehouse:
        recorder = Recorder(warehouse)
        _reported(world, recorder)
        _published(world, recorder)
        if world.pipeline.strategy.explainer:
            _explained(world, recorder)
    return recorder


def _reported(world: World, recorder: Recorder) -> None:
    # Two Tuesdays of the three.
    gather(recorder, world.pipeline, world.company, Asked(FIRST.replace(day=9), FIRST.replace(day=20), SECOND))


def _published(world: World, recorder: Recorder) -> None:
    for product in world.pipeline.products.values():
        figures(product, recorder, world.pipeline.ref(product.live.name, world.company))
    if RECOMMENDATIONS in world.pipeline.products:
        compare_days(recorder, world.pipeline, world.company, FIRST, SECOND)


def _of_customers(world: World) -> list[str]:
    """Some customers have a list, others are left out, and others have done something: some of each are asked about."""
    tables = world.pipeline.tables.values()
    return [table.spec.name for table in tables if "customer_id" in table.spec.key and table.spec.kind is Kind.SNAPSHOT]


def _first_of(recorder: Recorder, world: World, table: str) -> list[Mapping[str, Any]]:
    rows = stored_rows(recorder, world.pipeline, world.company, table, SECOND)
    return sorted(rows, key=lambda row: str(row["customer_id"]))[:2]


def _explained(world: World, recorder: Recorder) -> None:
    explainer = world.pipeline.strategy.explainer
    assert explainer
    rows = stored_rows(recorder, world.pipeline, world.company, explainer.table, SECOND)
    items = sorted({row["offer_id" if "offer_id" in row else "item_id"] for row in rows})
    customers = {row["customer_id"] for table in _of_customers(world) for row in _first_of(recorder, world, table)}
    read = DayReader(recorder, world.pipeline, world.company, SECOND)
    for customer in sorted(customers):
        for item in (None, *items[:6]):
            # Many pairs have nothing to say, which is an answer too.
            with suppress(ConfigError):
                explainer.explain(read, customer, item)
        if explainer.live_and_made:
            read.rows(explainer.live_and_made, customer=customer)
        # Some are asked only where a model has scored, and a small world may have none.
        for name in sorted(name for name, one in world.pipeline.questions.items() if set(one.given) == {"customer"}):
            read.rows(name, customer=customer)
