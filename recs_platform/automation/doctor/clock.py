"""Whether this machine's clock can be believed: against the disks, the database server, and what was written before;
and whether there are time zones."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from sqlalchemy import Connection, func, select, text

from recs_platform.automation.doctor.examined import Examined, ok, wrong
from recs_platform.automation.doctor.home import Home, NotThereError
from recs_platform.platform_db.tables import JobRun, Publication

_TOLERANCE = timedelta(seconds=30)
_SET = "Set the clock: timedatectl set-ntp true"


def examine(home: Home) -> Iterator[Examined]:
    found = [*_time_zones(), *_disk(home), *_database(home)]
    yield from found
    if not found:
        yield ok("the clock agrees with disk and database, and time zones are there")


def _time_zones() -> Iterator[Examined]:
    try:
        ZoneInfo("America/New_York")
    except (ZoneInfoNotFoundError, OSError):
        yield wrong("this machine has no time zones", "Install them: apt-get install tzdata, or pip install tzdata")


def _disk(home: Home) -> Iterator[Examined]:
    """A disk that others share has the clock of its server."""
    for folder in (home.settings.home, home.lake):
        if folder is None:
            continue
        try:
            before = datetime.now(UTC)
            with tempfile.NamedTemporaryFile(dir=folder) as probe:
                written = datetime.fromtimestamp(Path(probe.name).stat().st_mtime, UTC)
        except OSError:
            continue  # it is not there, or told by the part storage
        if abs(written - before) > _TOLERANCE:
            yield wrong(f"{folder} is on a disk whose clock differs by {_seconds(written - before)}", _SET)


def _database(home: Home) -> Iterator[Examined]:
    try:
        database = home.database
    except NotThereError:
        return
    with database.connect() as connection:
        if database.dialect.name == "postgresql":
            yield from _server(connection)
        yield from _earlier_entries(connection, home.now)


def _server(connection: Connection) -> Iterator[Examined]:
    before = datetime.now(UTC)
    there: datetime = connection.execute(text("SELECT clock_timestamp()")).scalar_one()
    if abs(there - before) > _TOLERANCE:
        yield wrong(f"the database server's clock differs by {_seconds(there - before)}", _SET)


def _earlier_entries(connection: Connection, now: datetime) -> Iterator[Examined]:
    newest = [
        connection.execute(select(func.max(column))).scalar_one()
        for column in (JobRun.started_at, JobRun.ended_at, Publication.published_at)
    ]
    last = max((moment for moment in newest if moment is not None), default=now)
    if last - now > _TOLERANCE:
        yield wrong(
            f"runs or publications were entered {_seconds(last - now)} from now: the clock went back, or is wrong",
            _SET,
        )


def _seconds(difference: timedelta) -> str:
    return f"{abs(difference).total_seconds():,.0f} s"
