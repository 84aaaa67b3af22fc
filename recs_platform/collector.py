"""How often Python looks for reference cycles. Definitions, schemas and syntax trees are a million objects that stay;
at its default Python looks through all of them again and again, which takes a fifth of a short command."""

from __future__ import annotations

import gc

_NEW_OBJECTS = 200_000
"""Between two looks. Tables are a few objects each, however many rows they have."""


def collect_rarely() -> None:
    """For processes that load the platform, before they do."""
    gc.set_threshold(_NEW_OBJECTS, 10, 10)


def leave_alone() -> None:
    """What is there by now stays: no look goes through it any more."""
    if gc.get_freeze_count() == 0:
        gc.freeze()
