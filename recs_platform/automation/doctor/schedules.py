"""Schedules and sensors that are off: nobody makes these companies' days, and nobody is told of troubles."""

from __future__ import annotations

from collections.abc import Iterator

from dagster._core.definitions.run_request import InstigatorType
from dagster._core.scheduler.instigation import InstigatorStatus

from recs_platform.automation.doctor.examined import Examined, ok, warning, wrong
from recs_platform.automation.doctor.home import Home
from recs_platform.automation.metrics.freshness import newest_day_due
from recs_platform.automation.sensors.alerts import NAME as ALERTS
from recs_platform.plurals import counted, listed

_TURN_ON = "Turn them on in the UI (Automation): recs ui"


def examine(home: Home) -> Iterator[Examined]:
    states = {(state.instigator_type, state.name): state.status for state in home.instance.all_instigator_state()}
    on = {key for key, status in states.items() if status is not InstigatorStatus.STOPPED}
    going_on = [name for name, company in home.companies.items() if newest_day_due(company, home.now)]
    off = [name for name in going_on if (InstigatorType.SCHEDULE, f"{name}_daily") not in on]
    if not going_on:
        yield ok("no company has days to come")
    elif off:
        yield warning(f"no schedule makes the days of {listed(off)}", _TURN_ON)
    else:
        yield ok(f"schedules are on for {counted(len(going_on), 'company', 'companies')}")
    # It is on from the start, so only who turned it off has left a state of it.
    if states.get((InstigatorType.SENSOR, ALERTS)) is InstigatorStatus.STOPPED:
        yield wrong(f"the sensor {ALERTS} is off: nobody is told of any trouble", _TURN_ON)
    trains = {
        company.strategy.name for name, company in home.companies.items() if company.strategy.model and name in going_on
    }
    for strategy in sorted(trains):
        if (InstigatorType.SENSOR, f"{strategy}_retraining") not in on:
            yield warning(f"the sensor {strategy}_retraining is off: drift starts no training", _TURN_ON)
