"""A small company of measurement whose feeds are files: messages, deliveries, opens and clicks, orders."""

from __future__ import annotations

import csv
from collections.abc import Mapping, Sequence
from datetime import date, datetime, time, timedelta
from pathlib import Path
from typing import Any

import dagster as dg
from dagster._core.definitions.run_request import InstigatorType
from dagster._core.remote_origin import (
    ManagedGrpcPythonEnvCodeLocationOrigin,
    RemoteInstigatorOrigin,
    RemoteRepositoryOrigin,
)
from dagster._core.scheduler.instigation import InstigatorState, InstigatorStatus, ScheduleInstigatorData
from dagster._core.types.loadable_target_origin import LoadableTargetOrigin
from dagster._time import get_current_timestamp

from recs_platform.automation.scheduled import DAILY_RUN_AT, schedule_name
from recs_platform.companies.model import Company
from recs_platform_tests.companies.shop import shop
from recs_platform_tests.promises.platform import Platform, quietly

START = date(2025, 9, 1)
PER_DAY = 24
"""Messages: enough that opens which are missing are noticed."""
FEEDS = ("treatments", "events", "deliveries", "interactions")
RUN_KEY = "dagster/run_key"


def day(number: int) -> date:
    return START + timedelta(days=number)


def lifts(folder: Path, name: str = "lifts", **changes: Any) -> Company:
    """Its file stands in the folder, and a folder for each feed below that."""
    sources = {feed: {"connector": "files", "path": f"{name}/{feed}/{{date}}.csv"} for feed in FEEDS}
    content = {
        "name": name,
        "dataset": name,
        "strategy": "measurement",
        "timezone": "UTC",
        "sources": sources,
        "parameters": {"campaign_window_days": 8, "attribution_window_days": 2, "interaction_window_days": 5},
    }
    folder.mkdir(parents=True, exist_ok=True)
    return shop(folder, file=f"{name}.yaml", without="simulation", **{**content, **changes})


def deliver(folder: Path, days: Sequence[date], *, company: str = "lifts", opens: float = 1.0) -> None:
    """The files of these days; of the opens only so many."""
    for one in days:
        for feed, rows in _rows(one, opens).items():
            write(folder / company / feed / f"{one}.csv", rows)


def write(path: Path, rows: Sequence[Mapping[str, object]]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w", newline="") as file:
        table = csv.DictWriter(file, list(rows[0]))
        table.writeheader()
        table.writerows(rows)


def _rows(on: date, opens: float) -> dict[str, list[dict[str, object]]]:
    def at(hour: int, minute: int = 0) -> datetime:
        return datetime.combine(on, time(hour, minute))

    sends = [f"{on}-{number}" for number in range(PER_DAY)]
    opened = sends[: round(PER_DAY * opens)]
    return {
        "treatments": [
            {
                "send_id": send,
                "customer_id": f"C{number}",
                "campaign_id": "autumn",
                "treatment_id": ("plain", "bold")[number % 2],
                "arm": "mailed",
                "sent_at": at(6),
            }
            for number, send in enumerate(sends)
        ],
        "deliveries": [{"send_id": send, "status": "delivered", "reported_at": at(6, 5)} for send in sends],
        "interactions": [
            {"send_id": send, "kind": kind, "happened_at": at(22, minute)}
            for send in opened
            for kind, minute in (("VIEWED", 0), ("CLICKED", 3))
        ]
        or [{"send_id": sends[0], "kind": "VIEWED", "happened_at": at(6, 30)}],
        "events": [
            {
                "event_id": f"E-{on}-{number}",
                "event_ts": at(23),
                "customer_id": f"C{number}",
                "event_name": "order_line",
                "order_id": f"O-{on}-{number}",
                "quantity": 1,
                "unit_price": 10.0,
            }
            for number in range(4)
        ],
    }


class Ticks:
    """Ticks of a sensor as the daemon makes them, and the runs that it starts for them, in this process."""

    def __init__(self, platform: Platform, sensor: str) -> None:
        self.platform, self.sensor, self.cursor = platform, sensor, None
        self.cursor: str | None
        self.said = ""

    def asks(self) -> list[dg.RunRequest]:
        """What a tick asks for, without what the daemon knows to have started before."""
        platform = self.platform
        repository = platform.definitions.get_repository_def()
        warehouse = {"warehouse": repository.get_top_level_resources()["warehouse"]}
        with (
            platform.environment(),
            quietly(),
            dg.build_sensor_context(
                platform.instance, repository_def=repository, resources=warehouse, cursor=self.cursor
            ) as context,
        ):
            decided = repository.get_sensor_def(self.sensor).evaluate_tick(context)
        self.cursor, self.said = decided.cursor, decided.skip_message or ""
        keys = {run.tags.get(RUN_KEY) for run in platform.instance.get_runs()}
        return [request for request in decided.run_requests or [] if request.run_key not in keys]

    def queue(self, request: dg.RunRequest) -> None:
        """What the daemon does with a request before the run starts."""
        self.platform.instance.create_run_for_job(self._job(request), tags=_tags(request))

    def run(self, request: dg.RunRequest) -> dg.ExecuteInProcessResult:
        platform = self.platform
        with platform.environment(), quietly():
            return self._job(request).execute_in_process(
                instance=platform.instance,
                partition_key=request.partition_key,
                asset_selection=request.asset_selection,
                tags=_tags(request),
                raise_on_error=False,
                run_config={"loggers": {"console": {"config": {"log_level": "CRITICAL"}}}},
            )

    def _job(self, request: dg.RunRequest) -> dg.JobDefinition:
        return self.platform.definitions.resolve_job_def("measurement_daily")


def turn_on(instance: dg.DagsterInstance, *companies: str, since: datetime | None = None) -> None:
    """The schedules of companies, as the UI does it, now or at another moment."""
    location = ManagedGrpcPythonEnvCodeLocationOrigin(LoadableTargetOrigin(module_name="recs_platform.definitions"))
    for company in companies:
        name = schedule_name(company)
        origin = RemoteInstigatorOrigin(RemoteRepositoryOrigin(location, "__repository__"), name)
        instance.add_instigator_state(
            InstigatorState(
                origin,
                InstigatorType.SCHEDULE,
                InstigatorStatus.RUNNING,
                ScheduleInstigatorData(DAILY_RUN_AT, since.timestamp() if since else get_current_timestamp()),
            )
        )


def _tags(request: dg.RunRequest) -> dict[str, str]:
    return {**request.tags, RUN_KEY: str(request.run_key)}
