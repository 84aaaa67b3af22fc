"""The sensor that watches: every few seconds it takes the looks, books what they saw, and sends what is to be told.

It is on from the start. It starts no run, and whatever it meets, no run waits for it. Its cursor is how far each look
has come; a tick that breaks off begins again there, and what it booked already is not booked twice.

Not here: the looks and what becomes of them (looks/watch.py).
"""

from __future__ import annotations

import json
from collections.abc import Mapping

import dagster as dg

from recs_platform.automation.failures import guarded_tick
from recs_platform.automation.looks.catalogue import LOOKS
from recs_platform.automation.looks.look import Cursors, Look
from recs_platform.automation.looks.watch import watch
from recs_platform.companies.known_companies import Companies
from recs_platform.errors import ConfigError
from recs_platform.pipeline.pipeline import Pipeline
from recs_platform.settings import require_home

NAME = "alerts"
EVERY_SECONDS = 20


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
        cursors = read_cursors(context.cursor)
        done = watch(context.instance, companies, pipelines, cursors, looks)
        return dg.SensorResult(skip_reason=dg.SkipReason(str(done)), cursor=json.dumps(cursors))

    return alerts


def read_cursors(text: str | None) -> Cursors:
    """What is no cursor of this sensor is as good as none."""
    try:
        kept = json.loads(text or "{}")
    except ValueError:
        kept = {}
    return Cursors(kept if isinstance(kept, dict) else {})
