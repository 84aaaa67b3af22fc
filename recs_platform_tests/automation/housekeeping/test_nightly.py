"""Housekeeping as Dagster knows it: its schedule."""

from __future__ import annotations

from datetime import UTC, datetime

import dagster as dg

from recs_platform.automation.jobs import HOUSEKEEPING_JOB
from recs_platform.definitions import build_defs


def test_the_schedule_is_on_and_asks_once_a_night() -> None:
    schedule = build_defs().resolve_schedule_def(f"{HOUSEKEEPING_JOB}_nightly")
    assert schedule.default_status is dg.DefaultScheduleStatus.RUNNING
    with dg.build_schedule_context(scheduled_execution_time=datetime(2026, 1, 2, 3, 30, tzinfo=UTC)) as context:
        assert len(schedule.evaluate_tick(context).run_requests or ()) == 1
