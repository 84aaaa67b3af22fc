"""A feature that knows the day of its impression or a later one is seen by a check, whichever query it comes from.

A simulated company, its real queries on a real lake. Every condition that keeps a query to what was known is taken out,
one by one, and each time a check must fail.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date

import pyarrow as pa
import pytest

from recs_platform.companies.model import Company, Simulation
from recs_platform.pipeline.pipeline import Pipeline
from recs_platform.schemas.table import Kind
from recs_platform.settings import settings
from recs_platform.strategies.catalogue import load_companies, pipelines
from recs_platform.strategies.offer_ranking.stage import DAILY_SUMS, FEATURE_TABLES
from recs_platform.warehouse.audit import SCHEMA_AUDIT
from recs_platform.warehouse.check import judge
from recs_platform.warehouse.environment import lake_of
from recs_platform.warehouse.lake.lake import Lake
from recs_platform.warehouse.protocol import Audit, Rows, Subject
from recs_platform.warehouse.query import parse_query, sql_folder
from recs_platform.warehouse.slices import Days
from recs_platform_tests.slow import takes_seconds
from recs_platform_tests.sql.case import arrow_rows

FIRST, DAY = date(2025, 9, 28), date(2025, 10, 20)
SNAPSHOTS = ("customers", "catalog", "offers", "offer_items")
SOURCES = ("events", "impressions", "redemptions", *SNAPSHOTS)
MADE = tuple(name for name in FEATURE_TABLES if name != "candidate_features")
CHECKS = (
    "features_know_the_future",
    "impressions_without_features",
    "kinds_know_the_future",
    "labels_not_final",
    "rates_know_the_future",
    "redemptions_know_the_future",
)

_KNOWN = re.compile(r"(?P<link>ON|AND) \w+\.event_date <= \w+\.feature_day")
"""What keeps a query to what was known, as the feature queries write it."""


@dataclass(frozen=True)
class World:
    company: Company
    pipeline: Pipeline
    lake: Lake

    def make(
        self, names: Sequence[str], days: Days, changed: Mapping[str, str] | None = None, audits: tuple[Audit, ...] = ()
    ) -> None:
        """Tables of days; `changed` are texts that stand in for queries."""
        for name in names:
            bound = self.pipeline.bind(name, self.company, days)
            if text := (changed or {}).get(name):
                bound = replace(bound, query=parse_query(name, text, bound.query.path))
            self.write(name, days, bound, audits)

    def write(self, name: str, days: Days, rows: Rows, audits: tuple[Audit, ...] = ()) -> None:
        self.lake.replace(Subject(name, "metro", self.pipeline.ref(name, self.company), days), rows, audits=audits)

    def failing(self) -> set[str]:
        verdicts = {}
        for name in CHECKS:
            check, _ = self.pipeline.checks[name]
            verdicts[name] = judge(self.lake, check, self.pipeline.bind_check(name, self.company, TODAY))
            assert verdicts[name].rows
        return {name for name, verdict in verdicts.items() if not verdict.passed}


TODAY = Days.one(DAY)


@pytest.fixture(scope="module")
@takes_seconds
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """On a day that trains. Nothing is scored: there are no candidates."""
    built_in = load_companies()["metro"]
    parameters = built_in.parameters.model_copy(update={"feature_window_days": 7, "training_window_days": 15})
    changes = {"simulation": Simulation(seed=5, customers=150), "parameters": parameters}
    company = built_in.model_copy(update=changes)
    pipeline = pipelines()["offer_ranking"]
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("RECS_HOME", str(tmp_path_factory.mktemp("leaks")))
        settings.cache_clear()
        made = World(company, pipeline, lake_of(settings()))
        for name in SOURCES:
            days = TODAY if name in SNAPSHOTS else Days(FIRST, DAY)
            made.make((f"landed_{name}", name), days)
        made.make(DAILY_SUMS, Days(FIRST, DAY), audits=(SCHEMA_AUDIT,))
        for name, rows in (("training_plan", [{"reason": "weekday"}]), ("offer_candidates", [])):
            spec = pipeline.specs[name]
            table: pa.Table = arrow_rows(spec, list(rows), DAY, list(spec.columns))
            made.write(name, TODAY, table.to_reader())
        made.make(MADE, TODAY, audits=(SCHEMA_AUDIT,))
        yield made
    settings.cache_clear()


def _text(table: str) -> str:
    return (sql_folder() / "offer_ranking" / f"{table}.sql").read_text()


def _leaks() -> dict[str, tuple[str, str]]:
    """Every query with one of its conditions taken out."""
    found = {}
    for path in sorted((sql_folder() / "offer_ranking").glob("*.sql")):
        text = path.read_text()
        for match in _KNOWN.finditer(text):
            leaking = f"{text[: match.start()]}{match['link']} TRUE{text[match.end() :]}"
            found[f"{path.stem}: {match[0].split(' ', 1)[1]}"] = (path.stem, leaking)
    return found


@pytest.mark.slow
def test_features_of_the_company_know_only_the_past(world: World) -> None:
    assert world.failing() == set()


@pytest.mark.slow
@pytest.mark.parametrize("leak", _leaks())
def test_a_query_that_looks_ahead_is_found(world: World, leak: str) -> None:
    table, text = _leaks()[leak]
    assert _failing_with(world, {table: text}) & {name for name in CHECKS if name.endswith("know_the_future")}


def test_there_is_a_leak_of_every_query_that_looks_back() -> None:
    """A query of features that reads a log by another condition would not be tried above."""
    logs = {name for name, spec in pipelines()["offer_ranking"].specs.items() if spec.kind is Kind.LOG}
    looking_back = {name for name in MADE if logs & pipelines()["offer_ranking"].inputs(name)}
    # Two of these join impressions to the day before, which has a test of its own; the third looks up terms.
    assert {table for table, _ in _leaks().values()} == looking_back - {
        "feature_pairs",
        "offer_periods",
        "training_set",
    }
    assert len(_leaks()) >= 11


def test_features_of_the_day_itself_are_found(world: World) -> None:
    """What was bought on the day it was shown may have been bought because it was shown."""
    before = "DATE_SUB({}event_date, INTERVAL 1 DAY)"
    changed = {
        "feature_pairs": _text("feature_pairs").replace(before.format("impressions."), "impressions.event_date"),
        "training_set": _text("training_set").replace(before.format(""), "event_date"),
    }
    assert all(text != _text(table) for table, text in changed.items())
    failing = _failing_with(world, changed)
    # An offer that is not shown on the next day has no terms for it.
    assert failing - {"impressions_without_features"} == {name for name in CHECKS if name.endswith("know_the_future")}


def test_labels_that_are_not_final_are_found(world: World) -> None:
    border = "outcomes.final_on > @as_of THEN NULL"
    text = _text("training_set").replace(border, "outcomes.final_on > DATE_ADD(@as_of, INTERVAL 3 DAY) THEN NULL")
    assert text != _text("training_set")
    assert _failing_with(world, {"training_set": text}) == {"labels_not_final"}


def test_impressions_that_get_lost_are_found(world: World) -> None:
    text = _text("feature_pairs").replace("AS days FROM training_plan", "- 2 AS days FROM training_plan")
    assert text != _text("feature_pairs")
    assert _failing_with(world, {"feature_pairs": text}) == {"impressions_without_features"}


def _failing_with(world: World, changed: Mapping[str, str]) -> set[str]:
    """The checks that fail when the tables are made by other queries, from the first of them on."""
    first = min(MADE.index(table) for table in changed)
    world.make(MADE[first:], TODAY, changed)
    try:
        return world.failing()
    finally:
        world.make(MADE[first:], TODAY)
