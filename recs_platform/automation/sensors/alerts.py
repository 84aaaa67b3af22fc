"""The sensor that watches: every few seconds it takes the looks, books what they saw, and sends what is to be told.

It is on from the start. It starts no run, and whatever it meets, no run waits for it. Its cursor is how far each look
has come; a tick that breaks off begins again there, and what it booked already is not booked twice.

Not here: what is looked at (looks/), what of it is told, and to whom (`recs_platform.alerts`).
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Mapping
from datetime import UTC, datetime

import dagster as dg
from sqlalchemy import Engine

from recs_platform.alerts.channels import open_channels
from recs_platform.alerts.deliver import deliver
from recs_platform.alerts.finding import Observation
from recs_platform.alerts.policy import policy_of
from recs_platform.alerts.record import record
from recs_platform.automation.failures import guarded_tick
from recs_platform.automation.looks.catalogue import LOOKS
from recs_platform.automation.looks.look import Cursors, Look, LookContext
from recs_platform.automation.looks.tick import take_looks
from recs_platform.companies.known_companies import Companies
from recs_platform.companies.model import Company
from recs_platform.errors import ConfigError
from recs_platform.pipeline.pipeline import Pipeline
from recs_platform.platform_db.engine import opened_database
from recs_platform.settings import require_home
from recs_platform.warehouse.environment import open_warehouse

NAME = "alerts"
EVERY_SECONDS = 20
SECONDS_TO_LOOK = 15
"""Dagster gives a tick a minute, and sending may take most of it."""


def alerts_sensor(
    companies: Companies, pipelines: Mapping[str, Pipeline], looks: Mapping[str, Look] = LOOKS
) -> dg.SensorDefinition:
    """One for all companies."""

    @dg.sensor(
        name=NAME,
        minimum_interval_seconds=EVERY_SECONDS,
        default_status=dg.DefaultSensorStatus.RUNNING,
        description="Looks at what went wrong or is well again, and tells it on Slack, by mail, by webhook or in the "
        "log: docs/alerts.md.",
    )
    @guarded_tick
    def alerts(context: dg.SensorEvaluationContext) -> dg.SensorResult:
        try:
            require_home()
        except ConfigError:
            # Whoever only looks makes nothing.
            return dg.SensorResult(skip_reason=dg.SkipReason("nothing was ever made here"), cursor=context.cursor)
        database = opened_database()
        cursors = read_cursors(context.cursor)
        looking = LookContext(
            instance=context.instance,
            database=database,
            companies=companies,
            pipelines=pipelines,
            now=datetime.now(UTC),
            open_warehouse=open_warehouse,
            cursors=cursors,
            until=time.monotonic() + SECONDS_TO_LOOK,
        )
        done = take_looks(looking, looks, booking(database, companies))
        sent = deliver(database, open_channels(), datetime.now(UTC))
        told = f"{done}; {sent.sent} sent, {sent.failed} failed, {sent.waiting} waiting"
        return dg.SensorResult(skip_reason=dg.SkipReason(told), cursor=json.dumps(cursors))

    return alerts


def booking(database: Engine, companies: Mapping[str, Company]) -> Callable[[Observation], None]:
    """Each as the company's file says; of one that is no more, or is broken, as trouble of the platform."""

    def book(observation: Observation) -> None:
        record(database, observation, policy_of(companies.get(observation.company)))

    return book


def read_cursors(text: str | None) -> Cursors:
    """What is no cursor of this sensor is as good as none."""
    try:
        kept = json.loads(text or "{}")
    except ValueError:
        kept = {}
    return Cursors(kept if isinstance(kept, dict) else {})
