"""All parts that the doctor looks at, in the order in which they are told. A part that fails is told as wrong, and the
others are looked at."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import datetime
from types import MappingProxyType

from recs_platform.automation.doctor import (
    alerts,
    clock,
    company_files,
    daemons,
    databases,
    disk,
    environment,
    leftovers,
    models,
    publications,
    run_pods,
    runs,
    schedules,
    service,
    serving,
    storage,
    versions,
)
from recs_platform.automation.doctor.examined import Examined, PartExamined, skipped, wrong
from recs_platform.automation.doctor.home import Home, NotThereError

Examine = Callable[[Home], Iterable[Examined]]

PARTS: Mapping[str, Examine] = MappingProxyType(
    {
        "environment": environment.examine,
        "versions": versions.examine,
        "storage": storage.examine,
        "disk": disk.examine,
        "databases": databases.examine,
        "clock": clock.examine,
        "company files": company_files.examine,
        "daemon": daemons.examine,
        "schedules": schedules.examine,
        "run pods": run_pods.examine,
        "runs": runs.examine,
        "publications": publications.examine,
        "models": models.examine,
        "serving": serving.examine,
        "service": service.examine,
        "alerts": alerts.examine,
        "leftovers": leftovers.examine,
    }
)


def check_up(environ: Mapping[str, str], now: datetime, parts: Mapping[str, Examine] = PARTS) -> Iterator[PartExamined]:
    home = Home(environ, now)
    try:
        for part, examine in parts.items():
            for one in _examined(examine, home):
                yield PartExamined(part, one)
    finally:
        home.close()


def _examined(examine: Examine, home: Home) -> Iterator[Examined]:
    try:
        yield from examine(home)
    except NotThereError as error:
        yield skipped(f"not looked at: {error}")
    except Exception as error:
        yield wrong(
            f"cannot be looked at ({type(error).__name__}: {error})", "Mend what is said to be wrong above first."
        )
