"""This process: how many cores it may use, how often Python looks for reference cycles in it, and for whom it writes.

Definitions, schemas and syntax trees are a million objects that stay; at its default Python looks through all of them
again and again, which takes a fifth of a short command.
"""

from __future__ import annotations

import atexit
import gc
import os
import stat
from contextlib import suppress
from pathlib import Path

_NEW_OBJECTS, _OF_A_SERVER = 1_000_000, 200_000
"""Between two looks. Tables are a few objects each, however many rows they have; a day of a small company makes some
two hundred thousand that stay until it ends. What goes on for weeks looks more often."""


def cores() -> int:
    """The cores this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else (os.cpu_count() or 1)


def collect_garbage_rarely(*, server: bool = False) -> None:
    """For processes that load the platform, before they do."""
    gc.set_threshold(_OF_A_SERVER if server else _NEW_OBJECTS, 10, 10)


def freeze_loaded_objects() -> None:
    """What is there by now stays: no look goes through it any more."""
    if gc.get_freeze_count() == 0:
        gc.freeze()


def end_without_a_look() -> None:
    """Python looks through every object once more before a process ends, which takes a quarter of a short command, and
    then the system takes them all back anyway. Files and connections close as they do without that look."""
    atexit.register(gc.freeze)


def write_privately() -> None:
    """Files that this process and its children make are for their owner alone: tables, feeds and logs of a home hold
    personal data, and other people may have accounts on the machine."""
    os.umask(os.umask(0o077) | 0o077)


def close_to_others(home: Path) -> None:
    """The same for a home that is there already, and for what stands in it. A home that its group may write is shared
    with that group, and stays so."""
    with suppress(OSError):  # none yet, or somebody else's
        mode = stat.S_IMODE(home.stat().st_mode)
        shared = bool(mode & stat.S_IWGRP)
        if mode & (0o007 if shared else 0o077):
            home.chmod(mode & ~(0o007 if shared else 0o077))
        if shared:
            os.umask(0o007)
