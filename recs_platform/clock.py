"""The clock of a run: whose turn it is, and what passed in it.

Somebody always owns it: what begins inside of something else takes it over and hands it back. So the parts add up to
the run, and what nobody claims is Dagster's own. CPU is the whole process's, the threads of DuckDB and Arrow included.
Outside of a run nothing is recorded. Not here: the figures that come of it (timings.py).
"""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import NamedTuple, Protocol

from recs_platform.timings import Inputs, Phase, Reread, RunTimings, TableTimings, Took, most_again_first


class StoredFile(Protocol):
    """What a table names of a file."""

    @property
    def path(self) -> str: ...
    @property
    def rows(self) -> int: ...
    @property
    def size(self) -> int: ...


@dataclass
class _Seen:
    size: int
    times: int = 0
    readers: dict[str, None] = field(default_factory=dict)


class _Owner(NamedTuple):
    """Whose turn it is."""

    table: str
    phase: str
    reader: str


class Recorder:
    """Of one run. It is used by the thread that carries out the run."""

    def __init__(self) -> None:
        self._began = self._at = _now()
        self._owners: list[_Owner] = []
        self._phases: dict[str, dict[str, Took]] = {}
        self._inputs: dict[str, Inputs] = {}
        self._seen: dict[str, dict[str, _Seen]] = {}

    def timings(self) -> RunTimings:
        """So far."""
        self.charge()
        names = dict.fromkeys((*self._phases, *self._inputs))
        tables = {n: TableTimings(dict(self._phases.get(n, {})), self._inputs.get(n, Inputs())) for n in names}
        return RunTimings(self._at - self._began, tables, most_again_first(self._reread()))

    def of_table(self, table: str) -> TableTimings:
        self.charge()
        return TableTimings(dict(self._phases.get(table, {})), self._inputs.get(table, Inputs()))

    def begin(self, table: str | None, phase: str, reader: str) -> None:
        self.charge()
        self._owners.append(_Owner(table or self._table, phase, reader or table or self._table))

    def end(self) -> None:
        self.charge()
        self._owners.pop()

    def charge(self, phase: str | None = None) -> None:
        """What passed since the last time belongs to whose turn it is, or to this phase of the same table."""
        now = _now()
        if self._owners:
            owner = self._owners[-1]
            phases, name = self._phases.setdefault(owner.table, {}), phase or owner.phase
            phases[name] = phases.get(name, Took()) + (now - self._at)
        self._at = now

    def shown(self, source: str, files: Iterable[StoredFile]) -> None:
        of_source, reader = self._seen.setdefault(source, {}), self._owners[-1].reader if self._owners else ""
        rows = size = 0
        for file in files:
            seen = of_source.setdefault(file.path, _Seen(file.size))
            seen.times += 1
            seen.readers[reader] = None
            rows, size = rows + file.rows, size + file.size
        self._add(Inputs(rows, size))

    def billed(self, size: int) -> None:
        self._add(Inputs(billed=size))

    @property
    def inputs(self) -> Inputs:
        return sum(self._inputs.values(), Inputs())

    @property
    def _table(self) -> str:
        return self._owners[-1].table if self._owners else ""

    def _add(self, inputs: Inputs) -> None:
        self._inputs[self._table] = self._inputs.get(self._table, Inputs()) + inputs

    def _reread(self) -> dict[str, Reread]:
        found = {}
        for source, files in self._seen.items():
            several = [seen for seen in files.values() if seen.times > 1]
            if several:
                stored, again = sum(s.size for s in several), sum(s.size * (s.times - 1) for s in several)
                readers = tuple(dict.fromkeys(reader for s in several for reader in s.readers))
                found[source] = Reread(stored, max(s.times for s in several), again, readers)
        return found


_current: ContextVar[Recorder | None] = ContextVar("recorder", default=None)


@contextmanager
def recording() -> Iterator[Recorder]:
    """A run, from its beginning to its end; inside of another one it is that one."""
    outer = _current.get()
    recorder = outer or Recorder()
    _current.set(recorder)
    try:
        yield recorder
    finally:
        _current.set(outer)


@contextmanager
def making(table: str, phase: Phase) -> Iterator[None]:
    """What happens from here on is done for this table."""
    with _turn(table, phase, ""):
        yield


@contextmanager
def phase(name: Phase, reader: str = "") -> Iterator[None]:
    """The same, for whichever table it is done; a reader is named where it is not the table."""
    with _turn(None, name, reader):
        yield


@contextmanager
def _turn(table: str | None, name: Phase, reader: str) -> Iterator[None]:
    recorder = _current.get()
    if recorder is None:
        yield
        return
    recorder.begin(table, name, reader)
    try:
        yield
    finally:
        recorder.end()


class Laps:
    """One piece of work in phases, each of which a mark ends."""

    def __init__(self) -> None:
        self.seconds: dict[str, float] = {}
        self._at = time.perf_counter()
        if recorder := _current.get():
            recorder.charge()

    def mark(self, name: Phase) -> None:
        now = time.perf_counter()
        self.seconds[name] = self.seconds.get(name, 0.0) + now - self._at
        self._at = now
        if recorder := _current.get():
            recorder.charge(name)


@dataclass
class Tally:
    """What a piece of work took, when it is over."""

    took: Took = field(default_factory=Took)
    inputs: Inputs = field(default_factory=Inputs)


@contextmanager
def tallied() -> Iterator[Tally]:
    recorder, tally, began = _current.get(), Tally(), _now()
    before = recorder.inputs if recorder else Inputs()
    try:
        yield tally
    finally:
        tally.took = _now() - began
        tally.inputs = recorder.inputs - before if recorder else Inputs()


def spent_on(table: str) -> TableTimings | None:
    """By the run so far; None outside of one."""
    recorder = _current.get()
    return recorder.of_table(table) if recorder else None


def shown(source: str, files: Iterable[StoredFile]) -> None:
    """Files of a table stand behind a name that is read now."""
    if recorder := _current.get():
        recorder.shown(source, files)


def billed(size: int) -> None:
    if recorder := _current.get():
        recorder.billed(size)


def _now() -> Took:
    return Took(time.perf_counter(), time.process_time())
