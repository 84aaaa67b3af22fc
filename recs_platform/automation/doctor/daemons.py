"""Dagster's daemon: schedules, sensors, queued runs and backfills do nothing without it."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import dagster as dg

from recs_platform.automation.doctor.examined import Examined, ok, warning, wrong
from recs_platform.automation.doctor.home import Home

_ALIVE = timedelta(minutes=5)
"""Its parts write a sign of life every 30 seconds, and a tick may take minutes."""


def examine(home: Home) -> Iterator[Examined]:
    instance, command = home.instance, home.daemon_command
    start = f"Start it: {command}"
    heartbeats = instance.get_daemon_heartbeats()
    wanted = sorted(instance.get_required_daemon_types())
    silent = [one for one in wanted if one not in heartbeats or not _is_alive(heartbeats[one].timestamp, home.now)]
    if len(silent) == len(wanted):
        last = max((heartbeats[one].timestamp for one in wanted if one in heartbeats), default=None)
        since = f"since {datetime.fromtimestamp(last, UTC):%Y-%m-%d %H:%M} UTC" if last else "and never was"
        queued = instance.get_runs_count(dg.RunsFilter(statuses=[dg.DagsterRunStatus.QUEUED]))
        says = f"the daemon is not running {since}: no schedule, sensor or alert works"
        yield wrong(f"{says}, and {queued} runs wait", start) if queued or last else warning(says, start)
    else:
        for one in silent:
            again = f"Start it again: end {command}, then {command}"
            yield wrong(f"the daemon's part {one} shows no sign of life", again)
        for one in sorted(set(wanted) - set(silent)):
            if errors := heartbeats[one].errors:
                yield wrong(f"the daemon's part {one} fails: {errors[0].message.strip()[:300]}", "Its log says more.")
    if not silent:
        yield ok(f"the daemon is running, with all of its {len(wanted)} parts")


def _is_alive(heartbeat: float, now: datetime) -> bool:
    return now.timestamp() - heartbeat <= _ALIVE.total_seconds()
