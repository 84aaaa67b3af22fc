"""Where the time went, as people read it: the slowest first, sums that are right, and all of it at 80 columns."""

from __future__ import annotations

import io
import re

import pytest
from rich.console import Console

from recs_platform.cli import output, timings_table
from recs_platform.cli.timings_table import show_timings
from recs_platform.strategies.catalogue import pipelines
from recs_platform.timings import Inputs, Phase, Reread, RunTimings, TableTimings, Took

LONG = "landed_recommendation_feedback"
"""No name of a table is longer."""


def run(tables: int = 2, reread: int = 1) -> RunTimings:
    made = {
        (LONG if n == 0 else f"table_{n}"): TableTimings(
            {Phase.WRITE: Took(n + 1, 1), Phase.PUBLISH: Took(0.5, 0.1), Phase.SERVE: Took(0.25, 0.1)},
            Inputs(10, 2_000_000),
        )
        for n in range(tables)
    }
    whole = Took(sum(table.took.seconds for table in made.values()) + 4, 30)
    return RunTimings(whole, made, {f"source_{n}": Reread(1_000_000, 3, 2_000_000, ("a", "b")) for n in range(reread)})


def shown(run: RunTimings, monkeypatch: pytest.MonkeyPatch, width: int = 80) -> list[str]:
    out = io.StringIO()
    console = Console(file=out, width=width, force_terminal=True, no_color=True, markup=False, highlight=False)
    for module in (output, timings_table):
        monkeypatch.setattr(module, "console", console, raising=False)
    show_timings([run])
    return re.sub(r"\x1b\[\d+m", "", out.getvalue()).split("\n")


def row(lines: list[str], name: str) -> list[str]:
    (found,) = [line.split() for line in lines if line.split()[: len(name.split())] == name.split()]
    return found[len(name.split()) :]


def test_the_slowest_come_first_and_the_rest_together(monkeypatch: pytest.MonkeyPatch) -> None:
    lines = shown(run(tables=23), monkeypatch)
    names = [line.split()[0] for line in lines if line.startswith(("table_", LONG))]
    assert names == [f"table_{n}" for n in range(22, 2, -1)]
    # What took 1, 2 and 3 seconds to write, and each three quarters of one to publish.
    assert row(lines, "3 others") == ["8.25", "3.60", "6.00", "2.25", "6.00"]
    assert row(lines, "Dagster") == ["4.00", "2.40"]
    assert row(lines, "all") == ["297.2", "30.00", "276.0", "17.25", "46.00"]


def test_all_columns_fit_a_narrow_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    assert len(LONG) >= max(len(name) for pipeline in pipelines().values() for name in pipeline.stage_names)
    lines = shown(run(), monkeypatch)
    assert max(map(len, lines)) <= 80
    assert row(lines, LONG) == ["1.75", "1.20", "1.00", "0.75", "2.00"]
    assert row(lines, "source_0") == ["1.00", "3", "2", "2.00"]


def test_what_is_read_once_is_not_told(monkeypatch: pytest.MonkeyPatch) -> None:
    assert not [line for line in shown(run(reread=0), monkeypatch) if "more than once" in line]


def test_what_bigquery_reads_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    table = TableTimings({Phase.WRITE: Took(1, 1)}, Inputs(billed=5_000_000))
    lines = shown(RunTimings(Took(1, 1), {"orders": table}, {}), monkeypatch)
    assert "BigQuery read 5.0 MB, which it bills." in lines
