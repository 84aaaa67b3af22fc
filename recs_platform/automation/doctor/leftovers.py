"""What killed processes have left: locks that hold nothing, and files that nobody will read. Housekeeping takes them
away; many of them tell that it does not run. Not here: what is left over, which locks and warehouse know."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import suppress
from pathlib import Path

from recs_platform.automation.doctor.examined import Examined, ok, warning
from recs_platform.automation.doctor.home import Home
from recs_platform.errors import PlatformError
from recs_platform.platform_db.locks import abandoned_tickets
from recs_platform.plurals import counted
from recs_platform.warehouse.environment import warehouse_of


def examine(home: Home) -> Iterator[Examined]:
    found = [*_waiting_lines(home), *_folders(home)]
    yield from found
    if not found:
        yield ok("nothing is left over")


def _waiting_lines(home: Home) -> Iterator[Examined]:
    """Who waits for a lock holds a file of its own."""
    left: list[Path] = []
    places = [home.settings.home, home.dagster_home]
    if home.database_file:
        places.append(home.database_file.parent)
    for place in dict.fromkeys(places):
        with suppress(OSError, PlatformError):  # it is not there, or told by the part storage
            left += abandoned_tickets(place)
    if left:
        yield warning(
            f"{counted(len(left), 'file')} of killed processes that had waited for a lock, such as {left[0]}",
            "They hold nothing, and the next who waits for the same lock takes them away. You may delete them.",
        )


def _folders(home: Home) -> Iterator[Examined]:
    """What killed writers staged and killed queries spilled; of a process that lives nothing is left over."""
    left: Mapping[str, int] = {}
    with suppress(OSError, PlatformError):  # told by the part storage
        left = warehouse_of(home.settings).sweep(dry_run=True)
    if left:
        yield warning(
            f"{counted(len(left), 'folder')} of killed runs, such as {min(left)}",
            "The night's housekeeping takes them away, unless its schedule is off; or now: recs housekeeping",
        )
