"""Where the time of a run goes: seconds and CPU by table and phase, and what stood behind the names that were read.

One clock, and somebody always owns it: what begins inside of something else takes it over and hands it back. So the
parts add up to the run, and what nobody claims is Dagster's own. CPU is the whole process's, the threads of DuckDB and
Arrow included. Outside of a run nothing is recorded. Not here: how it is shown (cli/timings_table.py).
"""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, NamedTuple, Protocol


class Phase(StrEnum):
    PREPARE = "prepare"
    """Binding a query, asking which days are there."""
    WRITE = "write"
    """Making the rows and storing them where nobody reads them yet."""
    AUDIT = "audit"
    CHECK = "check"
    """Checks and guardrails, and the same again where publishing asks for them."""
    PUBLISH = "publish"
    """The commit that makes a slice visible."""
    SERVE = "serve"
    """What publishing a product does besides: live table, inventory, serving stores."""
    DESCRIBE = "describe"
    """What people are shown of a table: metadata, lineage, pictures."""


@dataclass(frozen=True)
class Took:
    seconds: float = 0.0
    cpu: float = 0.0

    def __add__(self, other: Took) -> Took:
        return Took(self.seconds + other.seconds, self.cpu + other.cpu)

    def __sub__(self, other: Took) -> Took:
        return Took(self.seconds - other.seconds, self.cpu - other.cpu)


@dataclass(frozen=True)
class Inputs:
    """The files behind the names that were read, whole: columns and rows that an engine skipped are counted, too."""

    rows: int = 0
    size: int = 0
    billed: int = 0
    """Bytes that BigQuery says it read, where it is the engine; it names no files."""

    def __add__(self, other: Inputs) -> Inputs:
        return Inputs(self.rows + other.rows, self.size + other.size, self.billed + other.billed)

    def __sub__(self, other: Inputs) -> Inputs:
        return Inputs(self.rows - other.rows, self.size - other.size, self.billed - other.billed)


@dataclass(frozen=True)
class Reread:
    """A table some of whose files were input more than once."""

    stored: int
    """Bytes of those files."""
    times: int
    """How often one of them was, at most."""
    again: int
    """Bytes, from the second time on."""
    readers: tuple[str, ...]
    """Tables and checks that had them as input."""


@dataclass(frozen=True)
class TableTimings:
    phases: Mapping[str, Took]
    inputs: Inputs

    @property
    def took(self) -> Took:
        return sum(self.phases.values(), Took())


@dataclass(frozen=True)
class RunTimings:
    whole: Took
    tables: Mapping[str, TableTimings]
    """Checks count to the table that they guard."""
    reread: Mapping[str, Reread]

    @property
    def dagster(self) -> Took:
        return self.whole - sum((table.took for table in self.tables.values()), Took())

    @property
    def phases(self) -> dict[str, Took]:
        """Of all tables together."""
        return {
            phase: sum((table.phases.get(phase, Took()) for table in self.tables.values()), Took()) for phase in Phase
        }

    @property
    def inputs(self) -> Inputs:
        return sum((table.inputs for table in self.tables.values()), Inputs())

    @property
    def slowest(self) -> list[str]:
        return sorted(self.tables, key=lambda name: (-self.tables[name].took.seconds, name))

    def to_json(self) -> dict[str, Any]:
        return {
            **_figures(self.whole),
            "dagster": _figures(self.dagster),
            "phases": {phase: _figures(took) for phase, took in self.phases.items()},
            "tables": [{"table": name, **_table_figures(self.tables[name])} for name in self.slowest],
            "inputs_more_than_once": [
                {"table": name, "bytes": one.stored, "times": one.times, "bytes_again": one.again}
                | {"readers": list(one.readers)}
                for name, one in self.reread.items()
            ],
        }


def together(several: Sequence[RunTimings]) -> RunTimings:
    """Of several runs, one: what is read again is read again within one of them."""
    tables: dict[str, TableTimings] = {}
    reread: dict[str, Reread] = {}
    for one in several:
        for name, table in one.tables.items():
            before = tables.get(name, TableTimings({}, Inputs()))
            names = dict.fromkeys((*before.phases, *table.phases))
            phases = {p: before.phases.get(p, Took()) + table.phases.get(p, Took()) for p in names}
            tables[name] = TableTimings(phases, before.inputs + table.inputs)
        for name, again in one.reread.items():
            first = reread.get(name, Reread(0, 0, 0, ()))
            readers = tuple(dict.fromkeys((*first.readers, *again.readers)))
            times = max(first.times, again.times)
            reread[name] = Reread(first.stored + again.stored, times, first.again + again.again, readers)
    return RunTimings(sum((one.whole for one in several), Took()), tables, _most_first(reread))


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
        return RunTimings(self._at - self._began, tables, _most_first(self._reread()))

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

    took: Took = Took()
    inputs: Inputs = Inputs()


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


def _most_first(reread: Mapping[str, Reread]) -> dict[str, Reread]:
    return dict(sorted(reread.items(), key=lambda item: (-item[1].again, item[0])))


def _figures(took: Took) -> dict[str, float]:
    return {"seconds": round(took.seconds, 4), "cpu_seconds": round(took.cpu, 4)}


def _table_figures(table: TableTimings) -> dict[str, Any]:
    return {
        **_figures(table.took),
        "phases": {phase: _figures(took) for phase, took in table.phases.items()},
        "input_rows": table.inputs.rows,
        "input_bytes": table.inputs.size,
        **({"billed_bytes": table.inputs.billed} if table.inputs.billed else {}),
    }
