"""Watching once: the looks are taken, what they saw is booked, and what is due is sent. The sensor does it every few
seconds, and `recs alerts send` when it is told to; neither tells what the other has told.

Not here: when that is (sensors/alerts.py), what is looked at (catalogue.py), what of it is told and to whom
(`recs_platform.alerts`).
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

import dagster as dg
from sqlalchemy import Engine

from recs_platform.alerts.channels import open_channels
from recs_platform.alerts.deliver import Delivered, deliver
from recs_platform.alerts.finding import Observation
from recs_platform.alerts.policy import policy_of
from recs_platform.alerts.record import record
from recs_platform.automation.looks.catalogue import LOOKS
from recs_platform.automation.looks.look import Cursors, Look, LookContext
from recs_platform.automation.looks.tick import Round, take_looks
from recs_platform.companies.known_companies import Companies
from recs_platform.companies.model import Company
from recs_platform.pipeline.pipeline import Pipeline
from recs_platform.platform_db.engine import opened_database
from recs_platform.warehouse.environment import open_warehouse

SECONDS_TO_LOOK = 15
"""Dagster gives a tick a minute, and sending may take most of it."""


@dataclass(frozen=True)
class Watched:
    looks: Round
    sent: Delivered

    def __str__(self) -> str:
        return f"{self.looks}; {self.sent.sent} sent, {self.sent.failed} failed, {self.sent.waiting} waiting"


def watch(
    instance: dg.DagsterInstance,
    companies: Companies,
    pipelines: Mapping[str, Pipeline],
    cursors: Cursors,
    looks: Mapping[str, Look] = LOOKS,
) -> Watched:
    """`cursors` say how far each look has come, and are moved on."""
    database = opened_database()
    looking = LookContext(
        instance=instance,
        database=database,
        companies=companies,
        pipelines=pipelines,
        now=datetime.now(UTC),
        open_warehouse=open_warehouse,
        cursors=cursors,
        until=time.monotonic() + SECONDS_TO_LOOK,
    )
    done = take_looks(looking, looks, _booking(database, companies))
    return Watched(done, deliver(database, open_channels(), datetime.now(UTC)))


def _booking(database: Engine, companies: Mapping[str, Company]) -> Callable[[Observation], None]:
    """Each as the company's file says; of one that is no more, or is broken, as trouble of the platform."""

    def book(observation: Observation) -> None:
        record(database, observation, policy_of(companies.get(observation.company)))

    return book
