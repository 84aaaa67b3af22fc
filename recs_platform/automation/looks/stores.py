"""The look at what everything stands on: that tables can be reached, and that no disk is nearly full.

The platform database is where alerts are booked, so a tick that cannot reach it says so in the log (sensors/alerts.py).
"""

from __future__ import annotations

import shutil
from collections.abc import Container, Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from pathlib import Path

from sqlalchemy import Engine

from recs_platform.alerts.finding import PLATFORM, Finding, Kind, Observation, Severity, Trouble
from recs_platform.automation.looks.look import LookContext, when
from recs_platform.automation.looks.open_troubles import open_of_kind
from recs_platform.errors import PlatformError, UnavailableError
from recs_platform.file_store.bucket import is_bucket
from recs_platform.masking import mask_text
from recs_platform.patience import patiently
from recs_platform.settings import WarehouseKind, settings

_GIB = 1024**3
_LITTLE, _NONE = 5 * _GIB, _GIB
"""A company's day writes less than a gigabyte; a history or a training's spill takes several."""
_ROOM_AGAIN = 1.2
"""So much more than a little a disk has before it is well again: what runs write and delete would begin and end it at
every look."""
DISK_SECONDS = 2.0
"""In which a disk has to say how much is free. One of the network may hang."""
LAKE = "lake"
_WAYS_BACK = {
    WarehouseKind.LAKE: "Bring the store back, or correct RECS_LAKE_URL",
    WarehouseKind.BIGQUERY: "Wait until BigQuery answers, or correct RECS_GCP_PROJECT, GOOGLE_APPLICATION_CREDENTIALS "
    "or the roles of the account (docs/deploy.md)",
}
LOOK = "look at "
"""Of trouble with a look itself, which the tick settles."""


@dataclass(frozen=True)
class Disk:
    place: str
    free: int
    total: int

    @property
    def severity(self) -> Severity | None:
        """How bad it is. Of a small disk, a tenth is little, and a fiftieth is none."""
        if self.free < min(_NONE, self.total / 50):
            return Severity.ERROR
        return Severity.WARN if self.free < self.little else None

    @property
    def little(self) -> float:
        return min(_LITTLE, self.total / 10)


def stores(context: LookContext) -> Iterator[Observation]:
    problem = lake_problem(context)
    findings = [] if problem is None else [_unreachable(problem)]
    places = [str(settings().home), settings().lake, context.instance.root_directory]
    known = open_of_kind(context.database, Kind.STORE)
    findings += _of_disks((Path(place) for place in places if not is_bucket(place)), known)
    yield from observed(context.database, findings, context.now)


def observed(database: Engine, findings: Iterable[Finding], now: datetime) -> Iterator[Observation]:
    """What is wrong now, and what was wrong and is no more; nothing while nothing changes."""
    wrong = {finding.trouble: finding for finding in findings}
    known = {
        trouble
        for trouble in open_of_kind(database, Kind.STORE)
        if trouble.company == PLATFORM and not trouble.subject.startswith(LOOK)
    }
    over = frozenset(known - wrong.keys())
    told = tuple(wrong[trouble] for trouble in sorted(wrong))
    if told or over:
        state = ",".join(f"{finding.trouble.subject} {finding.severity}" for finding in told)
        news = bool(over) or not wrong.keys() <= known
        yield Observation(f"stores {when(now, news=news)}: {state}", PLATFORM, now, told, over)


def lake_problem(context: LookContext) -> str | None:
    """Why tables cannot be read, if they cannot."""
    try:
        company = next(iter(context.companies.values()), None)
        if company is not None:
            pipeline = context.pipelines[company.strategy.name]
            table = pipeline.ref(next(iter(pipeline.tables)), company)
            context.ask_warehouse(lambda warehouse: warehouse.days(table))
    except (PlatformError, OSError) as error:
        return mask_text(str(error))
    return None


def _unreachable(problem: str) -> Finding:
    return Finding(
        Trouble(PLATFORM, Kind.STORE, LAKE),
        Severity.ERROR,
        f"Tables cannot be read: {problem}",
        f"{_WAYS_BACK[settings().warehouse]}; then runs that failed are made again: recs run COMPANY.",
    )


def full(disk: Disk, *, known: bool = False) -> Finding | None:
    """`known` is whether it was too full when it was looked at last."""
    severity = disk.severity
    if known and severity is None and disk.free < disk.little * _ROOM_AGAIN:
        severity = Severity.WARN
    if severity is None:
        return None
    share = disk.free / disk.total
    return Finding(
        _of_disk(disk.place),
        severity,
        f"The disk of {disk.place} has {disk.free / _GIB:.1f} GiB left ({share:.0%}).",
        "Make room, or move what stands there to a larger disk. docs/operations.md says what may be deleted.",
    )


def _of_disks(places: Iterable[Path], known: Container[Trouble]) -> Iterator[Finding]:
    """Each disk once, under the first place that stands on it."""
    seen = set()
    for place in places:
        try:
            found = patiently(partial(_disk_under, place), f"the disk of {place}", seconds=DISK_SECONDS)
        except (UnavailableError, OSError) as error:
            yield _silent(place, str(error))
            continue
        if found is None or found[0] in seen:
            continue
        seen.add(found[0])
        if finding := full(found[1], known=_of_disk(found[1].place) in known):
            yield finding


def _disk_under(place: Path) -> tuple[int, Disk] | None:
    """A disk's number and what is free on it; None where there is no such place."""
    there = next((one for one in (place, *place.absolute().parents) if one.is_dir()), None)
    if there is None:
        return None
    usage = shutil.disk_usage(there)
    return there.stat().st_dev, Disk(str(place), usage.free, usage.total)


def _silent(place: Path, problem: str) -> Finding:
    return Finding(
        _of_disk(str(place)),
        Severity.ERROR,
        f"The disk of {place} cannot be looked at: {problem}",
        "Bring it back: what is written there waits for it. If it hangs, mount it again.",
    )


def _of_disk(place: str) -> Trouble:
    return Trouble(PLATFORM, Kind.STORE, f"disk of {place}")
