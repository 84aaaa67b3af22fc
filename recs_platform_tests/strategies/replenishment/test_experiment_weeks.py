"""Weeks of a small company that tries one version on some of its clients: real queries and functions on a real lake,
week after week, without Dagster.

Clients buy each of their items after as many weeks as nearly always, so the version that asks what is due is better by
construction. Nothing else differs between the arms.
"""

from __future__ import annotations

import datetime
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, timedelta
from functools import cached_property
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from recs_platform.assembly.handover import call_table_function
from recs_platform.companies.model import Company
from recs_platform.declarations.product import RECOMMENDATIONS
from recs_platform.model_registry.shelf import open_shelf
from recs_platform.pipeline.pipeline import Pipeline
from recs_platform.pipeline.stage import FrameTable
from recs_platform.platform_db.engine import opened_database
from recs_platform.platform_db.tables import Publication, PublicationKind, PublicationStatus
from recs_platform.publication import inventory
from recs_platform.schemas.replenishment import ClientDays, OrderLines
from recs_platform.schemas.sources import Catalog
from recs_platform.schemas.table import Table, spec_of
from recs_platform.strategies.catalogue import company_named, pipeline_of
from recs_platform.strategies.replenishment.parameters import ReplenishmentParameters
from recs_platform.warehouse.audit import SCHEMA_AUDIT
from recs_platform.warehouse.check import judge
from recs_platform.warehouse.lake.lake import Lake
from recs_platform.warehouse.protocol import Subject
from recs_platform.warehouse.slices import Days
from recs_platform_tests.publication.shop import lake_in
from recs_platform_tests.strategies.replenishment.lists import arrow

pytestmark = pytest.mark.slow

FIRST_DAY = date(2025, 9, 1)
SUNDAYS = [date(2025, 11, 2) + timedelta(days=7 * number) for number in range(3)]
LAST_DAY = SUNDAYS[-1]
CLIENTS, ITEMS = 120, 12
TABLES = (
    "client_items",
    "client_profiles",
    "product_trends",
    "ignored_weeks",
    "ignored_items",
    "experiment_assignments",
    "training_plan",
    "replenishment_examples",
    "ranking_model",
    "similar_clients",
    "replenishment_candidates",
    "model_scores",
    "replenishment_scores",
    "weekly_recommendations",
    "experiment_outcomes",
    "experiment_results",
)
CHECKS = (
    "version_or_week_wrong",
    "experiment_assignment_moved",
    "experiment_renamed",
    "experiment_client_in_two_arms",
    "experiment_ratio_mismatch",
)
Rows = list[dict[str, Any]]


def orders() -> Rows:
    """Each client's item number n is due every 2 + n % 5 weeks, on a weekday of its own; clients begin at other weeks.
    In one week of seven a client leaves out what is due."""
    lines = []
    for client in range(CLIENTS):
        for item in range(ITEMS):
            cycle = 2 + item % 5
            for week in range((LAST_DAY - FIRST_DAY).days // 7 + 1):
                day = FIRST_DAY + timedelta(days=7 * week + client % 7)
                if (week + client + item) % cycle == 0 and (3 * week + client) % 7 and day <= LAST_DAY:
                    lines.append(_line(day, f"C{client:03}", f"item {(client % 4) * 3 + item:02}"))
    return lines


def _line(day: date, client: str, item: str) -> dict[str, Any]:
    known = {"event_date": day, "order_id": f"{client} {day}", "customer_id": client, "item_id": item}
    return {**known, "quantity": 1, "spent_cents": 500}


def days_of(lines: Rows) -> Rows:
    counted = Counter((line["event_date"], line["customer_id"]) for line in lines)
    return [
        {"event_date": day, "customer_id": client, "orders": 1, "lines": n, "units": n, "spent_cents": 500 * n}
        for (day, client), n in counted.items()
    ]


@dataclass
class Weeks:
    lake: Lake
    shares: Mapping[str, float]
    experiment: str | None = "lists"
    first_day: date = SUNDAYS[0]
    versions: int = field(default=0, init=False)

    def __post_init__(self) -> None:
        lines = orders()
        for model, rows in ((OrderLines, lines), (ClientDays, days_of(lines))):
            self._store(model, rows, Days(FIRST_DAY, LAST_DAY))

    @cached_property
    def pipeline(self) -> Pipeline:
        return pipeline_of(company_named("concord"))

    @property
    def company(self) -> Company:
        tried = {"experiment": self.experiment, "experiment_shares": {self.first_day: self.shares}}
        given = ReplenishmentParameters.model_validate(
            {
                "version": "v32",
                "repurchases_per_client": 4,
                "discoveries_per_client": 0,
                "active_window_days": 28,
                "history_days": 60,
                "trend_days": 7,
                "season_days": 0,
                **(tried if self.experiment else {}),
            }
        )
        return company_named("concord").model_copy(update={"parameters": given, "start_date": FIRST_DAY})

    def make(self, day: date) -> None:
        """A day, or a day again."""
        self._store(Catalog, [], Days.one(day))
        for name in TABLES:
            table, company = self.pipeline.tables[name], self.company
            subject = Subject(name, company.name, self.pipeline.ref(name, company), Days.one(day))
            if not isinstance(table, FrameTable):
                self.lake.replace(subject, self.pipeline.bind(name, company, Days.one(day)), audits=(SCHEMA_AUDIT,))
                continue
            models = open_shelf(company.name, run_id="test")
            made = call_table_function(self.pipeline, table, company, Days.one(day), self.lake, models)
            with made.opened:
                rows: Any = made.rows
                whole = rows.read_all() if isinstance(rows, pa.RecordBatchReader) else rows
                self.lake.replace(subject, whole.cast(table.spec.arrow_schema).to_reader(), audits=(SCHEMA_AUDIT,))

    def publish(self, day: date) -> None:
        self.versions += 1
        now = datetime.datetime(2025, 12, 1, tzinfo=UTC)
        inventory.begin(
            opened_database(),
            Publication(
                company=self.company.name,
                strategy="replenishment",
                product=RECOMMENDATIONS,
                version=self.versions,
                as_of=day,
                rows=1,
                generated_at=now,
                status=PublicationStatus.BACKUP,
                kind=PublicationKind.PUBLISH,
                published_at=now,
                published_by="ann",
                approved=False,
                note="",
            ),
        )

    def rows(self, name: str, day: date) -> Rows:
        with self.lake.read(self.pipeline.ref(name, self.company), Days.one(day)) as reader:
            found: Rows = reader.read_all().to_pylist()
        return found

    def arms(self, day: date) -> dict[str, str]:
        return {row["customer_id"]: row["arm"] for row in self.rows("experiment_assignments", day)}

    def results(self, day: date) -> dict[tuple[str, str], dict[str, Any]]:
        return {(row["arm"], row["metric"]): row for row in self.rows("experiment_results", day)}

    def failed(self, day: date) -> list[str]:
        checks = {name: self.pipeline.checks[name][0] for name in CHECKS}
        bound = {name: self.pipeline.bind_check(name, self.company, Days.one(day)) for name in CHECKS}
        return [name for name in CHECKS if not judge(self.lake, checks[name], bound[name]).passed]

    def _store(self, model: type[Table], rows: Rows, days: Days) -> None:
        ref = self.pipeline.ref(spec_of(model).name, self.company)
        self.lake.replace(Subject(ref.name, self.company.name, ref, days), arrow(model, rows).to_reader(), audits=())


@pytest.fixture
def weeks(tmp_path: Path) -> Iterator[Weeks]:
    yield Weeks(lake_in(tmp_path), {"v32": 0.5, "v31": 0.5})


def test_both_versions_are_made_in_one_run_and_the_better_one_is_found(weeks: Weeks) -> None:
    for day in SUNDAYS:
        weeks.make(day)
        weeks.publish(day)
        assert weeks.failed(day) == []
    first, *later = SUNDAYS
    arms = weeks.arms(first)
    assert len(arms) == CLIENTS
    assert all(weeks.arms(day) == arms for day in later)
    for day in SUNDAYS:
        lists = {row["customer_id"]: row["version"] for row in weeks.rows("weekly_recommendations", day)}
        assert lists == arms
    assert weeks.results(first) == {}
    for number, day in enumerate(later, 1):
        row = weeks.results(day)["v31", "precision"]
        assert row["client_weeks"] == number * row["clients"] == number * Counter(arms.values())["v31"]
    precision, spent = (weeks.results(later[-1])["v31", metric] for metric in ("precision", "revenue"))
    assert precision["anytime_high"] < 0 < precision["baseline_value"]
    # What was bought is the same whatever was recommended.
    assert spent["anytime_low"] < 0 < spent["anytime_high"]


def test_a_learned_version_is_an_arm_as_others_are(weeks: Weeks) -> None:
    weeks.shares = {"v32": 0.5, "v4": 0.5}
    for day in SUNDAYS[:2]:
        weeks.make(day)
        weeks.publish(day)
        lists = weeks.rows("weekly_recommendations", day)
        assert {row["customer_id"]: row["version"] for row in lists} == weeks.arms(day)
        assert weeks.failed(day) == []
    scorers = {version: {row["scored_by"] for row in lists if row["version"] == version} for version in ("v32", "v4")}
    assert scorers["v32"] == {"v32"}
    (of_model,) = scorers["v4"]
    assert of_model.startswith("sha256:")
    assert weeks.results(SUNDAYS[1])["v4", "precision"]["clients"] == Counter(weeks.arms(SUNDAYS[0]).values())["v4"]


def test_only_weeks_of_published_lists_count(weeks: Weeks) -> None:
    for day in SUNDAYS:
        weeks.make(day)
    assert weeks.results(SUNDAYS[-1]) == {}
    weeks.publish(SUNDAYS[1])
    weeks.make(SUNDAYS[2])
    assert {row["client_weeks"] for row in weeks.results(SUNDAYS[2]).values()} == set(
        Counter(weeks.arms(SUNDAYS[1]).values()).values()
    )


def test_days_made_again_and_backwards_keep_arms_and_count_no_week_twice(weeks: Weeks) -> None:
    for day in SUNDAYS:
        weeks.publish(day)
    for day in reversed(SUNDAYS):
        weeks.make(day)
    arms = weeks.arms(SUNDAYS[2])
    assert weeks.arms(SUNDAYS[0]) == weeks.arms(SUNDAYS[1]) == arms
    for day in (*SUNDAYS, *SUNDAYS, SUNDAYS[2]):
        weeks.make(day)
    assert {row["weeks"] for row in weeks.rows("experiment_outcomes", SUNDAYS[2])} == {2}
    assert weeks.arms(SUNDAYS[2]) == arms


def test_clients_stay_when_shares_change_and_a_new_name_is_seen(weeks: Weeks) -> None:
    weeks.make(SUNDAYS[0])
    arms = weeks.arms(SUNDAYS[0])
    weeks.shares = {"v32": 0.99, "v31": 0.01}
    weeks.make(SUNDAYS[1])
    assert (weeks.arms(SUNDAYS[1]), weeks.failed(SUNDAYS[1])) == (arms, [])
    weeks.experiment = "renamed"
    weeks.make(SUNDAYS[2])
    assert weeks.failed(SUNDAYS[2]) == ["experiment_renamed"]
    # The next one, in its own time, is none of that.
    weeks.first_day = SUNDAYS[2]
    weeks.make(SUNDAYS[2])
    assert weeks.failed(SUNDAYS[2]) == []


def test_without_an_experiment_all_lists_are_of_the_companys_version(weeks: Weeks) -> None:
    weeks.experiment = None
    weeks.make(SUNDAYS[0])
    assert weeks.rows("experiment_assignments", SUNDAYS[0]) == weeks.rows("experiment_results", SUNDAYS[0]) == []
    assert {row["version"] for row in weeks.rows("weekly_recommendations", SUNDAYS[0])} == {"v32"}
