"""The slice ledger: which slices exist, and what made each. What the word means, and a ledger that only remembers.

A ledger tells of one state of each table, by name: an entry that belongs to another state is never mistaken for the
present. It is written after the table, so it never claims a slice that nobody made; what it lacks, the engine finds and
adds. Not here: the ledger of an environment (`database_ledger.py`), and how an engine knows better (the engines).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from threading import Lock
from typing import Protocol

from recs_platform.warehouse.slices import Days, Slice, TableRef


@dataclass(frozen=True)
class State:
    """A state of a table, as its engine names it."""

    table_id: str
    """Another one when the table was made anew."""
    version: int


@dataclass(frozen=True)
class Told:
    """What the ledger tells of a table."""

    state: State
    slices: tuple[Slice, ...]
    """By day."""


class SliceLedger(Protocol):
    def told(self, table: TableRef) -> Told | None:
        """What is told of a table; None when nothing is."""

    def slices_in(self, table: TableRef, state: State) -> tuple[Slice, ...] | None:
        """The slices of a table in this state, as cheaply as it can be; None when only another state is known."""

    def advance(
        self, table: TableRef, was: State | None, now: State | None, replaced: Days | None, slices: Sequence[Slice]
    ) -> bool:
        """From one state to the next (None: no such table), in one step: these slices are the only ones of the
        replaced days, of all days when None. False, and nothing changed, when the ledger tells of another state than
        `was`: somebody else was here."""


@dataclass
class MemoryLedger:
    """A ledger that lives as long as its process: of a lake that stands alone."""

    _told: dict[tuple[str, str], Told] = field(default_factory=dict)
    _one_at_a_time: Lock = field(default_factory=Lock)

    def told(self, table: TableRef) -> Told | None:
        return self._told.get((table.dataset, table.name))

    def slices_in(self, table: TableRef, state: State) -> tuple[Slice, ...] | None:
        told = self.told(table)
        return told.slices if told is not None and told.state == state else None

    def advance(
        self, table: TableRef, was: State | None, now: State | None, replaced: Days | None, slices: Sequence[Slice]
    ) -> bool:
        with self._one_at_a_time:
            told = self.told(table)
            if (told.state if told else None) != was:
                return False
            self._told.pop((table.dataset, table.name), None)
            if now is not None:
                kept = told.slices if told else ()
                self._told[table.dataset, table.name] = Told(now, merged(kept, replaced, slices))
            return True


def merged(kept: Sequence[Slice], replaced: Days | None, slices: Sequence[Slice]) -> tuple[Slice, ...]:
    """What there is after these slices have become the only ones of the replaced days, by day."""
    others = () if replaced is None else (slice_ for slice_ in kept if slice_.day not in replaced)
    return tuple(sorted((*others, *slices), key=lambda slice_: slice_.day))
