"""What killed processes have left: locks that hold nothing, and files that nobody will read. Housekeeping takes them
away; many of them tell that it does not run."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

from recs_platform.automation.doctor.examined import Examined, ok, warning
from recs_platform.automation.doctor.home import Home
from recs_platform.plurals import counted

_OLD = timedelta(days=2)
"""No run takes as long."""


def examine(home: Home) -> Iterator[Examined]:
    found = [*_waiting_lines(home), *_folders(home)]
    yield from found
    if not found:
        yield ok("nothing is left over")


def _waiting_lines(home: Home) -> Iterator[Examined]:
    """Who waits for a lock holds a file of its own; one that nobody holds was left by a process that was killed."""
    left: list[Path] = []
    places = [home.settings.home, home.dagster_home]
    if home.database_file:
        places.append(home.database_file.parent)
    for place in dict.fromkeys(places):
        left += [path for path in _entries(place) if ".lock." in path.name and not _is_held(path)]
    if left:
        yield warning(
            f"{counted(len(left), 'file')} of killed processes that had waited for a lock, such as {left[0]}",
            "They hold nothing, and the next who waits for the same lock takes them away. You may delete them.",
        )


def _folders(home: Home) -> Iterator[Examined]:
    before = home.now.timestamp() - _OLD.total_seconds()
    places = {
        "the staging folder of the lake": home.lake / ".staging" if home.lake else None,
        "the folder of spilled queries": home.settings.home / "scratch" / "spill",
        "Dagster's folder": home.dagster_home,
    }
    for what, place in places.items():
        entries = _entries(place) if place else []
        if place == home.dagster_home:
            entries = [path for path in entries if path.name.startswith(".new-")]
        old = [path for path in entries if _changed(path) < before]
        if old:
            yield warning(f"{counted(len(old), 'entry', 'entries')} of killed runs in {what} ({place})", _REMOVE)


_REMOVE = "Housekeeping takes them away; look whether its schedule is on. You may delete them."


def _entries(folder: Path) -> list[Path]:
    try:
        return sorted(folder.iterdir())
    except OSError:
        return []


def _changed(path: Path) -> float:
    try:
        return path.stat().st_mtime
    except OSError:
        return float("inf")


def _is_held(path: Path) -> bool:
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    except OSError:
        return True  # gone meanwhile, or somebody else's
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    finally:
        os.close(descriptor)
    return False
