"""Where DuckDB spills: a folder of its own for each process, and who may remove it.

Several containers and hosts may share the folder of all, and their process numbers mean nothing to each other. So a
process holds a lock on its folder for as long as it lives, which the system lets go when it ends, however it ends.

Not here: leftovers without a lock, which the lake's `sweep` takes when they are old enough.
"""

from __future__ import annotations

import atexit
import fcntl
import os
import shutil
import uuid
from functools import lru_cache
from pathlib import Path


def own_folder(spill: Path) -> Path:
    """The folder below `spill` that is this process's until it ends. What ended processes left there is removed."""
    return _own_folder(spill, os.getpid())


@lru_cache(maxsize=8)
def _own_folder(spill: Path, process: int) -> Path:
    spill.mkdir(parents=True, exist_ok=True)
    _locks(spill).mkdir(exist_ok=True)
    remove_abandoned(spill)
    while True:
        name = uuid.uuid4().hex
        lock = _locks(spill) / name
        descriptor = os.open(lock, os.O_CREAT | os.O_RDONLY | os.O_CLOEXEC, 0o600)
        # Before it is locked, somebody may take it for one that was left, and remove it.
        if _taken(descriptor) and lock.exists():
            atexit.register(_leave, spill / name, lock, process)
            return spill / name
        os.close(descriptor)


def remove_abandoned(spill: Path) -> None:
    """The folders whose process has ended."""
    for lock in _locks(spill).glob("*"):
        try:
            descriptor = os.open(lock, os.O_RDONLY | os.O_CLOEXEC)
        except FileNotFoundError:
            continue
        try:
            if _taken(descriptor):
                shutil.rmtree(spill / lock.name, ignore_errors=True)
                lock.unlink(missing_ok=True)
        finally:
            os.close(descriptor)


def in_use(folder: Path) -> bool:
    """Whether a folder below `spill` is that of a process that lives."""
    try:
        descriptor = os.open(_locks(folder.parent) / folder.name, os.O_RDONLY | os.O_CLOEXEC)
    except FileNotFoundError:
        return False
    try:
        return not _taken(descriptor)
    finally:
        os.close(descriptor)


def _locks(spill: Path) -> Path:
    return spill.with_name(f"{spill.name}-locks")


def _taken(descriptor: int) -> bool:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _leave(folder: Path, lock: Path, process: int) -> None:
    """At the end of the process; a forked one that ends leaves its parent's folder alone."""
    if os.getpid() == process:
        shutil.rmtree(folder, ignore_errors=True)
        lock.unlink(missing_ok=True)
