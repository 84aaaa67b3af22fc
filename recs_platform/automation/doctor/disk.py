"""Room on the disks, against how fast the lake grows. How much is little the look at the same disks says, which alerts
(looks/stores.py)."""

from __future__ import annotations

import os
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from recs_platform.alerts.finding import Severity
from recs_platform.automation.doctor.examined import Examined, ok, warning, wrong
from recs_platform.automation.doctor.home import Home
from recs_platform.automation.looks.stores import Disk
from recs_platform.plurals import in_units

_LEAST_INODES = 0.05
_LEAST_DAYS = 14
_WEEK = 7
_LOOKS_FOR_SECONDS = 0.5
_MAKE_ROOM = "Free some space, or lower RECS_RETENTION_DAYS: what replaced versions hold is deleted after as many days."


def examine(home: Home) -> Iterator[Examined]:
    folders = {"home": home.settings.home, "lake": home.lake, "Dagster": home.dagster_home, "temporary": _temporary()}
    disks: dict[int, tuple[str, Path]] = {}
    for what, folder in folders.items():
        there = _existing(folder) if folder is not None else None
        if there is not None:
            disks.setdefault(there.stat().st_dev, (what, there))
    growth = _bytes_a_day(home.lake, home.now.timestamp()) if home.lake else None
    lake = _existing(home.lake) if home.lake else None
    for device, (what, folder) in disks.items():
        yield _disk(what, folder, growth if lake and lake.stat().st_dev == device else None)


def _disk(what: str, folder: Path, growth: float | None) -> Examined:
    disk = os.statvfs(folder)
    free, size = disk.f_bavail * disk.f_frsize, max(disk.f_blocks * disk.f_frsize, 1)
    says = f"disk of {what} ({folder}): {in_units(free)} free of {in_units(size)}"
    severity = Disk(str(folder), free, size).severity
    if growth:
        says += f"; the lake grows by {in_units(growth)} a day"
    if disk.f_files and disk.f_favail < disk.f_files * _LEAST_INODES:
        return wrong(f"{says}, and {disk.f_favail:,} inodes", _MAKE_ROOM)
    if severity is Severity.ERROR:
        return wrong(says, _MAKE_ROOM)
    if growth and free < growth * _LEAST_DAYS:
        return wrong(f"{says}, so it is full in {free / growth:.0f} days", _MAKE_ROOM)
    return ok(says) if severity is None else warning(says, _MAKE_ROOM)


def _bytes_a_day(lake: Path, now: float) -> float | None:
    """What was written in the last week, where that can be seen quickly."""
    deadline, since, total = time.monotonic() + _LOOKS_FOR_SECONDS, now - _WEEK * 86_400, 0
    folders = [str(lake)]
    while folders:
        if time.monotonic() > deadline:
            return None
        try:
            with os.scandir(folders.pop()) as entries:
                for entry in entries:
                    if entry.is_dir(follow_symlinks=False):
                        folders.append(entry.path)
                    elif (seen := entry.stat(follow_symlinks=False)).st_mtime >= since:
                        total += seen.st_size
        except OSError:
            continue  # told by the part storage
    return total / _WEEK


def _existing(folder: Path) -> Path | None:
    """The folder, or the nearest above it that is there."""
    for one in (folder.absolute(), *folder.absolute().parents):
        try:
            if one.exists():
                return one
        except OSError:
            continue
    return None


def _temporary() -> Path | None:
    try:
        return Path(tempfile.gettempdir())
    except OSError:
        return None
