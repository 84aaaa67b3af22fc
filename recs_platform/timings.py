"""Where the time of a run goes: seconds and CPU by table and phase, and what stood behind the names that were read.

Checks count to the table that they guard. Not here: who takes the times (clock.py), and how they are shown
(cli/timings_table.py).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any


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
    return RunTimings(sum((one.whole for one in several), Took()), tables, most_again_first(reread))


def most_again_first(reread: Mapping[str, Reread]) -> dict[str, Reread]:
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
