"""`recs` as somebody types it, in a folder of its own: in this process, or in one that can be killed.

The companies have the names of the built-in ones and are small: few customers, a short look-back window, and only one
of them of the strategy with the most tables.
"""

from __future__ import annotations

import io
import itertools
import json
import os
import re
import subprocess
import sys
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from recs_platform.cli import _exit_code
from recs_platform.settings import settings

# A day reaches two weeks back: the campaign window, and the week before it in which events may have come already.
_SHORT = {"campaign_window_days": 8, "interaction_window_days": 5}
# Of so few clients, and such short windows, any day changes most lists, and there is nothing to judge them by.
_CHANGING = {"max_customers_lost": 1, "max_repurchases_lost": 1, "max_discovery_move": 1, "evaluated_weeks": 0}
_COMPANIES = {
    "acme": (
        "vehicle_fitment",
        {**_SHORT, "intent_window_days": 3, "purchase_exclusion_days": 8, "backtest_days": 8},
    ),
    "holley": ("replenishment", {**_SHORT, **_CHANGING, "active_window_days": 3, "history_days": 8}),
    "metro": ("offer_ranking", {**_SHORT, "feature_window_days": 3}),
    "concord": ("replenishment", {**_SHORT, **_CHANGING, "active_window_days": 3, "history_days": 8}),
}


@dataclass(frozen=True)
class Ended:
    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        """The one JSON value on standard output; anything beside it is an error."""
        return json.loads(self.out)

    @property
    def told(self) -> str:
        """What a person reads, without the breaks of lines."""
        return " ".join((self.out + self.err).split())

    @property
    def rows(self) -> list[list[str]]:
        """The titles and the rows of the one table that is shown."""
        (table,) = self.tables
        return table

    @property
    def tables(self) -> list[list[list[str]]]:
        """The titles and the rows of every table that is shown."""
        lines = self.out.splitlines()
        return [_cells(lines, number) for number, line in enumerate(lines) if line.startswith("─")]


def _cells(lines: list[str], rule: int) -> list[list[str]]:
    """Of the table whose titles are ruled off in this line."""
    spans = [match.span() for match in re.finditer("─+", lines[rule])]

    def cells(line: str) -> list[str]:
        return [line[start:end].strip() for start, end in spans]

    table = itertools.takewhile(lambda line: line and not _between(line, spans).strip(), lines[rule + 1 :])
    return [cells(line) for line in (lines[rule - 1], *table)]


def _between(line: str, spans: list[tuple[int, int]]) -> str:
    return "".join(line[end:begin] for (_, end), (begin, _) in itertools.pairwise([*spans, (10_000, 10_000)]))


@dataclass(frozen=True)
class Terminal:
    folder: Path
    variables: Mapping[str, str] = field(default_factory=dict)

    @property
    def environment(self) -> dict[str, str]:
        return {
            "RECS_HOME": str(self.folder / ".recs"),
            "RECS_COMPANIES_DIR": str(self.folder / "companies"),
            **self.variables,
        }

    @property
    def companies(self) -> Path:
        return self.folder / "companies"

    def recs(self, *arguments: str, **variables: str) -> Ended:
        """Run a command in this process."""
        out, err = io.StringIO(), io.StringIO()
        with self.inside(**variables), redirect_stdout(out), redirect_stderr(err):
            code = _exit_code(list(arguments))
        return Ended(code, out.getvalue(), err.getvalue())

    @contextmanager
    def inside(self, **variables: str) -> Iterator[None]:
        """The environment that its commands see."""
        with pytest.MonkeyPatch.context() as patch:
            for name in [name for name in os.environ if name.startswith(("RECS_", "DAGSTER_"))]:
                patch.delenv(name)
            for name, value in {**self.environment, **variables}.items():
                patch.setenv(name, value)
            patch.chdir(self.folder)
            settings.cache_clear()
            yield
            # Commands say to Dagster where its instance is, by the environment.
            for name in [name for name in os.environ if name.startswith("DAGSTER_")]:
                patch.delenv(name)
        settings.cache_clear()

    def start(self, *arguments: str) -> subprocess.Popen[str]:
        """Start a command in a process of its own, at the head of a group as in a terminal."""
        own = {name: value for name, value in os.environ.items() if not name.startswith(("RECS_", "DAGSTER_"))}
        return subprocess.Popen(
            [sys.executable, "-c", "from recs_platform.cli import main; main()", *arguments],
            env={**own, **self.environment},
            cwd=self.folder,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        )


def small_companies(folder: Path, customers: int = 30) -> None:
    """Files that replace the built-in companies by small ones."""
    (folder / "companies").mkdir(parents=True, exist_ok=True)
    for name, (strategy, parameters) in _COMPANIES.items():
        (folder / "companies" / f"{name}.yaml").write_text(
            f"name: {name}\nstrategy: {strategy}\ndataset: {name}\ntimezone: UTC\ncurrency: EUR\n"
            f"start_date: 2025-09-01\nsimulation: {{seed: 7, customers: {customers}}}\n"
            f"parameters: {json.dumps(parameters)}\n"
        )


def not_up_to_date(tables: Iterable[Mapping[str, Any]]) -> list[tuple[str, str]]:
    """The tables, as `status` tells of them, that are neither fresh, nor empty for having no rows, nor due on a later
    day; and their states."""
    states = {table["table"]: (table["state"], "empty" if table["rows"] == 0 else "fresh") for table in tables}
    return [(name, state) for name, (state, wanted) in states.items() if state not in (wanted, "not due")]
