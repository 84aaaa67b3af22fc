"""A shop of one job, run for real on a Dagster instance of a test's own, and rounds of looks at it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import dagster as dg
import pytest
from sqlalchemy import Engine, select
from sqlalchemy.orm import Session

from recs_platform.alerts.message import Message
from recs_platform.alerts.policy import Policy
from recs_platform.alerts.record import record
from recs_platform.automation.failures import guarded_step
from recs_platform.automation.jobs import COMPANY_TAG
from recs_platform.automation.journal import RunJournal
from recs_platform.automation.looks.ended_runs import ended_runs
from recs_platform.automation.looks.look import Cursors, Look, LookContext
from recs_platform.automation.looks.tick import Round, take_looks
from recs_platform.automation.partitions import partition_key
from recs_platform.companies.known_companies import Companies
from recs_platform.errors import ConfigError
from recs_platform.platform_db.alert_tables import AlertMessage
from recs_platform.platform_db.engine import opened_database
from recs_platform.settings import settings
from recs_platform.warehouse.protocol import Warehouse
from recs_platform_tests.automation.small import PARTITIONS
from recs_platform_tests.promises.platform import quietly

DAY = date(2025, 9, 5)
JOB = "shop_daily"
_QUIET: dict[str, Any] = {"loggers": {"console": {"config": {"log_level": "CRITICAL"}}}}

Verdicts = Mapping[str, tuple[bool, dg.AssetCheckSeverity]]


@dataclass
class Shop:
    """`work` is what its one table does; `checks` are what is found of it."""

    instance: dg.DagsterInstance
    database: Engine
    companies: Companies = field(default_factory=lambda: Companies({}))
    cursors: Cursors = field(default_factory=Cursors)

    def run(
        self,
        work: Callable[[Any], None] = lambda _: None,
        checks: Mapping[str, dg.AssetCheckResult] | None = None,
        *,
        day: date = DAY,
        company: str = "acme",
        tags: Mapping[str, str] | None = None,
    ) -> str:
        with quietly():
            result = shop_job(work, checks or {}).execute_in_process(
                instance=self.instance,
                partition_key=partition_key(company, day),
                tags={COMPANY_TAG: company, **(tags or {})},
                run_config=_QUIET,
                raise_on_error=False,
            )
        return result.run_id

    def context(self, now: datetime | None = None) -> LookContext:
        return LookContext(
            instance=self.instance,
            database=self.database,
            companies=self.companies,
            pipelines={},
            now=now or datetime.now(UTC),
            open_warehouse=_no_warehouse,
            cursors=self.cursors,
        )

    def look(self, looks: Mapping[str, Look] | None = None, *, now: datetime | None = None) -> Round:
        looks = looks or {"ended runs": ended_runs}
        return take_looks(self.context(now), looks, lambda one: record(self.database, one, Policy()))

    def messages(self) -> list[Message]:
        """All that was ever told, the oldest first."""
        with Session(self.database) as session:
            return [Message.from_json(row.content) for row in session.scalars(select(AlertMessage).order_by("id"))]

    def told(self) -> list[tuple[str, str, list[str]]]:
        """Company, severity and what it is about, of each message."""
        return [(one.company, one.severity, [_about(told) for told in one.told]) for one in self.messages()]


@contextmanager
def new_shop(home: Path) -> Iterator[Shop]:
    """One in which nothing ever ran; it is that of the environment while the block runs."""
    url = f"sqlite:///{home / 'platform.db'}"
    with pytest.MonkeyPatch.context() as patch, dg.DagsterInstance.ephemeral() as instance:
        patch.setenv("RECS_DATABASE_URL", url)
        patch.setenv("RECS_HOME", str(home))
        settings.cache_clear()
        database = opened_database(url)
        yield Shop(instance, database)
        database.dispose()
    settings.cache_clear()


def _about(told: Any) -> str:
    trouble = told.finding.trouble
    return f"{trouble.kind} {trouble.subject}".strip()


def shop_job(work: Callable[[Any], None], checks: Mapping[str, dg.AssetCheckResult]) -> dg.JobDefinition:
    @dg.asset(
        key=["shop", "orders"],
        partitions_def=PARTITIONS,
        backfill_policy=dg.BackfillPolicy.single_run(),
        required_resource_keys={"journal"},
    )
    @guarded_step
    def orders(context) -> dg.MaterializeResult[Any]:  # type: ignore[no-untyped-def]  # Dagster reads annotations
        work(context)
        return dg.MaterializeResult(metadata={"rows (acme)": 12})

    with quietly():
        return (
            dg.Definitions(
                [orders],
                asset_checks=[_check(orders, name, verdict) for name, verdict in checks.items()],
                jobs=[dg.define_asset_job(JOB, selection=dg.AssetSelection.all())],
                resources={"journal": RunJournal()},
                executor=dg.in_process_executor,
            )
        ).resolve_job_def(JOB)


def _check(asset: dg.AssetsDefinition, name: str, verdict: dg.AssetCheckResult) -> dg.AssetChecksDefinition:
    blocks = verdict.severity is dg.AssetCheckSeverity.ERROR

    @dg.asset_check(
        asset=asset, name=name, blocking=blocks, partitions_def=PARTITIONS, required_resource_keys={"journal"}
    )
    def judged() -> dg.AssetCheckResult:
        return verdict

    return judged


def found(
    *examples: str, severity: dg.AssetCheckSeverity = dg.AssetCheckSeverity.WARN, passed: bool = False, rows: int = 3
) -> dg.AssetCheckResult:
    """As `check_result` makes them."""
    table = "\n".join(["| order | email |", "| --- | --- |", *examples])
    metadata: dict[str, Any] = {"violations (acme)": 0 if passed else rows}
    if examples:
        metadata["examples"] = dg.MetadataValue.md(table)
    return dg.AssetCheckResult(
        passed=passed, severity=severity, metadata=metadata, description=f"{rows} of 12 rows violate the rule."
    )


def _no_warehouse() -> Warehouse:
    raise AssertionError("no look at a run opens the lake")


WEEK = timedelta(days=7)


def refuse(_: object) -> None:
    raise ConfigError("acme: write to jane.doe@example.com about it.")


def break_off(_: object) -> None:
    raise ZeroDivisionError("division by zero")
