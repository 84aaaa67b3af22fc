"""Long offer-ranking worlds as `training_set` tables: the impressions of many weeks, with features as of their own day.

Feeds go into the lake without the sources stage, which has tests of its own and takes most of the time. From there on
the platform's queries run as they are, once: for the last day, as if it trained on everything.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path

import pyarrow as pa

from recs_platform.companies.model import Company, Simulation
from recs_platform.models.data import examples
from recs_platform.models.model import Model
from recs_platform.models.provenance import Provenance
from recs_platform.models.settings import TrainingSettings
from recs_platform.models.training import train
from recs_platform.schemas.sources import EVENT_NAMES
from recs_platform.schemas.table import Kind, TableSpec
from recs_platform.simulation import offer_world
from recs_platform.simulation.columns import pc
from recs_platform.sources.connectors.simulated import world_spec
from recs_platform.strategies.catalogue import pipelines
from recs_platform.strategies.offer_ranking.features import TASK
from recs_platform.strategies.offer_ranking.stage import DAILY_SUMS, FEATURE_TABLES
from recs_platform.warehouse.lake.engine import Engine
from recs_platform.warehouse.lake.lake import Lake
from recs_platform.warehouse.protocol import BoundQuery, Subject
from recs_platform.warehouse.slices import Days
from recs_platform_tests.strategies.offer_ranking.market import metro

SOURCES = ("events", "impressions", "redemptions", "customers", "catalog", "offers", "offer_items")
TABLES = tuple(name for name in FEATURE_TABLES if name != "candidate_features")
SETTINGS = TrainingSettings(validation_days=4, test_days=4, gap_days=0, most_trees=25, patience=5)
TRAINED_ON_DAYS = 22
"""Two weeks for training, and the rest to stop and to compare."""
LABEL_DAYS = 7
STARTED_LONG_AGO = date(2025, 1, 1)


@dataclass(frozen=True)
class DriftWorld:
    """Days are counted from the start of the world's feeds."""

    company: Company
    impressions: pa.Table

    def day(self, age: int) -> date:
        return self.company.start_date + timedelta(days=age)

    @property
    def long_known(self) -> Company:
        """The company, had it started long before: no look-back of its features reaches before its first day."""
        return self.company.model_copy(update={"start_date": STARTED_LONG_AGO})

    def trained(self, age: int) -> Model:
        """The model of a day, on impressions whose outcome was final then."""
        last = self.day(age - LABEL_DAYS)
        shown = self.impressions[TASK.columns.day]
        first = last - timedelta(days=TRAINED_ON_DAYS - 1)
        known = self.impressions.filter(pc.and_(pc.greater_equal(shown, first), pc.less_equal(shown, last)))
        return train(examples(known, TASK.features, TASK.columns), SETTINGS, Provenance({}, "1")).candidate


def drift_world(
    home: Path, *, seed: int, customers: int, first: int, last: int, drift: int, habits: float = 0.0
) -> DriftWorld:
    """A world of which only the days from `first` to `last` are known."""
    company = metro(training_window_days=last - first + 1, feature_window_days=28).model_copy(
        update={"simulation": Simulation(seed=seed, customers=customers, drift_after_days=drift, habits=habits)}
    )
    start, pipeline = company.start_date, pipelines()["offer_ranking"]
    span = Days(start + timedelta(days=first), start + timedelta(days=last))
    today = Days.one(span.last)
    lake = Lake(str(home / "lake"), Engine("1GiB", 1, home / "spill"), timedelta(days=1), home / "scratch")

    def write(name: str, days: Days, rows: pa.RecordBatchReader | BoundQuery) -> None:
        lake.replace(Subject(name, company.name, pipeline.ref(name, company), days), rows)

    for name in SOURCES:
        spec = pipeline.specs[name]
        days = span if spec.kind is Kind.LOG else today
        write(name, days, pa.RecordBatchReader.from_batches(spec.arrow_schema, _canonical(company, spec, days)))
    for name in DAILY_SUMS:
        write(name, span, pipeline.bind(name, company, span))
    asked = [{"as_of": span.last, "reason": "weekday", "words": "", "evidence": ""}]
    for name, rows in (("training_plan", asked), ("offer_candidates", [])):
        write(name, today, pipeline.specs[name].arrow_table(rows).to_reader())
    for name in TABLES:
        write(name, today, pipeline.bind(name, company, today))
    with lake.read(pipeline.ref("training_set", company), today) as reader:
        return DriftWorld(company, reader.read_all())


def _canonical(company: Company, spec: TableSpec, days: Days) -> Iterator[pa.RecordBatch]:
    """The clean rows of the feeds: what was added to be rejected bears a key of its own, or none."""
    world = world_spec(company)
    for day in days:
        table = offer_world.feed(world, spec.name, day).table
        table = table.append_column(spec.date_column, pa.repeat(pa.scalar(day), len(table)))
        for key in (name for name in spec.key if pa.types.is_string(table[name].type)):
            table = table.filter(pc.invert(pc.fill_null(pc.starts_with(table[key], "ZZ"), True)))
        if spec.name == "events":
            table = table.filter(pc.is_in(table["event_name"], value_set=pa.array(EVENT_NAMES)))
        first = table.append_column("place", pa.array(range(len(table)))).group_by(list(spec.key))
        table = table.take(first.aggregate([("place", "min")])["place_min"])
        yield from table.select(spec.arrow_schema.names).cast(spec.arrow_schema).to_batches()
