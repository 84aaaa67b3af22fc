"""Schedules and sensors that are off: nobody makes these companies' days, and nobody is told of troubles."""

from __future__ import annotations

from collections.abc import Iterator

from dagster._core.scheduler.instigation import InstigatorStatus

from recs_platform.automation.doctor.examined import Examined, ok, warning, wrong
from recs_platform.automation.doctor.home import Home
from recs_platform.automation.jobs import HOUSEKEEPING_JOB
from recs_platform.automation.scheduled import newest_due
from recs_platform.automation.sensors.alerts import NAME as ALERTS
from recs_platform.automation.switches import scheduled_companies
from recs_platform.plurals import counted, listed

_TURN_ON = "Turn it on in the UI (Automation): recs ui"
ON_FROM_THE_START = ("_landing", "_late_data", f"{HOUSEKEEPING_JOB}_nightly")
"""How the names of sensors and schedules end that are on unless somebody turns them off; beside them, alerts."""
RETRAINING = "_retraining"


def examine(home: Home) -> Iterator[Examined]:
    going_on = {name: company for name, company in home.companies.items() if newest_due(company, home.now)}
    off = sorted(going_on.keys() - scheduled_companies(home.instance))
    if not going_on:
        yield ok("no company has days to come")
    elif off:
        yield warning(f"no schedule makes the days of {listed(off)}", _TURN_ON)
    else:
        yield ok(f"schedules are on for {counted(len(going_on), 'company', 'companies')}")
    states = {state.instigator_name: state.status for state in home.instance.all_instigator_state()}
    trained = {company.strategy.name for company in going_on.values() if company.strategy.model}
    for name in sorted(f"{strategy}{RETRAINING}" for strategy in trained):
        if states.get(name) is not InstigatorStatus.RUNNING:
            yield warning(f"the sensor {name} is off: drift starts no training", _TURN_ON)
    yield from _turned_off({name for name, status in states.items() if status is InstigatorStatus.STOPPED})


def _turned_off(stopped: set[str]) -> Iterator[Examined]:
    """What is on from the start has no state of its own until somebody turns it off."""
    if ALERTS in stopped:
        yield wrong(f"the sensor {ALERTS} is off: nobody is told of any trouble", _TURN_ON)
    for name in sorted(stopped - {ALERTS}):
        if name.endswith(ON_FROM_THE_START):
            yield warning(f"{name} was turned off", _TURN_ON)
