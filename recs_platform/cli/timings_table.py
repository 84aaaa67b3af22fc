"""Where the time of runs went, as a table: the slowest first, the sum, and what was input more than once."""

from __future__ import annotations

from collections.abc import Sequence

from recs_platform.cli.output import print_table, say, styled
from recs_platform.plurals import counted
from recs_platform.timings import Inputs, Phase, RunTimings, TableTimings, Took, together

_SLOWEST, _MOST_AGAIN = 20, 10
_PHASES = (Phase.WRITE, Phase.AUDIT, Phase.CHECK)
_COLUMNS = ("", "s", "CPU s", "write", "audit", "check", "commit", "MB in")
_MEGABYTE = 1_000_000


def show_timings(runs: Sequence[RunTimings]) -> None:
    whole = together(runs)
    shown, others = whole.slowest[:_SLOWEST], whole.slowest[_SLOWEST:]
    rows = [_row(name, whole.tables[name]) for name in shown]
    if others:
        rows.append(_row(f"{len(others)} others", _sum(whole, others)))
    dagster = whole.dagster
    rows += [
        ("Dagster", _short(dagster.seconds), _short(dagster.cpu), *[None] * 5),
        _row("all", _sum(whole, whole.slowest), whole.whole),
    ]
    print_table(f"Where the time of {counted(len(runs), 'run')} went", _COLUMNS, rows, right=1)
    notes = (
        "s: from preparing a table to describing it, its checks included; CPU s: of all threads; commit: making it "
        "visible, and all that publication does; MB in: whole files behind the names that were read."
    )
    say((notes, "dim"))
    if whole.inputs.billed:
        say(f"BigQuery read {whole.inputs.billed / _MEGABYTE:,.1f} MB, which it bills.")
    _show_reread(whole)


def _show_reread(whole: RunTimings) -> None:
    again = list(whole.reread.items())[:_MOST_AGAIN]
    if not again:
        return
    rows = [(name, one.stored / _MEGABYTE, one.times, len(one.readers), one.again / _MEGABYTE) for name, one in again]
    total = sum(one.again for one in whole.reread.values()) / _MEGABYTE
    print_table("Read more than once in a run", ("", "MB", "times", "readers", "MB again"), rows, right=1)
    say((f"{counted(len(whole.reread), 'table')}, {total:,.1f} MB again in all.", "dim"))


def _row(name: str, table: TableTimings, took: Took | None = None) -> tuple[object, ...]:
    took, seconds = took or table.took, {phase: of.seconds for phase, of in table.phases.items()}
    publish = seconds.get(Phase.PUBLISH, 0.0) + seconds.get(Phase.SERVE, 0.0)
    parts = (*(seconds.get(phase, 0.0) for phase in _PHASES), publish)
    title = styled((name, "bold")) if name == "all" else name
    spent = (took.seconds, took.cpu, *(part or None for part in parts), table.inputs.size / _MEGABYTE or None)
    return (title, *map(_short, spent))


def _short(value: float | None) -> str | None:
    """In five places, so that all columns fit a narrow terminal.

    >>> _short(3.14159), _short(314.159), _short(31415.9)
    ('3.14', '314.2', '31,416')
    """
    if value is None:
        return None
    return f"{value:.2f}" if value < 100 else f"{value:.1f}" if value < 1_000 else f"{value:,.0f}"


def _sum(whole: RunTimings, names: Sequence[str]) -> TableTimings:
    tables = [whole.tables[name] for name in names]
    phases: dict[str, Took] = {phase: sum((t.phases.get(phase, Took()) for t in tables), Took()) for phase in Phase}
    return TableTimings(phases, sum((t.inputs for t in tables), Inputs()))
