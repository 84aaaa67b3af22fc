"""This process: how many cores it may use, and how often Python looks for reference cycles in it.

Definitions, schemas and syntax trees are a million objects that stay; at its default Python looks through all of them
again and again, which takes a fifth of a short command.
"""

from __future__ import annotations

import gc
import os

_NEW_OBJECTS = 200_000
"""Between two looks. Tables are a few objects each, however many rows they have."""


def cores() -> int:
    """The cores this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else (os.cpu_count() or 1)


def collect_garbage_rarely() -> None:
    """For processes that load the platform, before they do."""
    gc.set_threshold(_NEW_OBJECTS, 10, 10)


def freeze_loaded_objects() -> None:
    """What is there by now stays: no look goes through it any more."""
    if gc.get_freeze_count() == 0:
        gc.freeze()
