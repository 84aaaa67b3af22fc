"""Every command at 80 columns: no word, number, date or identifier is broken, and none is lost."""

from __future__ import annotations

import fcntl
import os
import pty
import re
import struct
import subprocess
import sys
import termios
from pathlib import Path

import pytest

from recs_platform_tests.cli.commands import every_command
from recs_platform_tests.cli.terminal import Terminal
from recs_platform_tests.cli.width import check_narrow, words

_LINES = {
    "status": ("status",),
    "alerts list": ("alerts", "list"),
    "alerts of one": ("alerts", "list", "concord", "--all"),
    "alerts test": ("alerts", "test", "concord"),
    "alerts send": ("alerts", "send"),
    "status of one": ("status", "concord"),
    "publications": ("publications", "concord"),
    "publish": ("publish", "concord"),
    "export": ("export", "concord", "--channel", "email"),
    "rollback": ("rollback", "concord", "--to", "99"),
    "companies list": ("companies", "list"),
    "companies check": ("companies", "check", "concord"),
    "verify": ("verify",),
    "bench": ("bench",),
    "sql check": ("sql", "check"),
    "models list": ("models", "list", "metro"),
    "models of none": ("models", "list", "concord"),
    "models activate": ("models", "activate", "metro", "7"),
    "models rollback": ("models", "rollback", "metro"),
    "models move": ("models", "move", "metro"),
    "report campaign": ("report", "campaign", "concord", "--out", "report"),
    "report overview": ("report", "overview", "--out", "overview"),
    "compare": ("compare", "acme", "--a", "2025-09-01", "--b", "2025-09-02"),
    "why": ("why", "acme", "C1"),
    "query": ("query", "concord", "SELECT * FROM catalog ORDER BY item_id", "--limit", "3"),
    "query, narrow": ("query", "concord", "SELECT reason, COUNT(*) AS n FROM rejected_rows GROUP BY 1 ORDER BY 1"),
    "query, empty": ("query", "concord", "SELECT * FROM catalog WHERE false"),
    "query, wrong": ("query", "concord", "SELECT * FROM catalogue"),
    "simulate": ("simulate", "metro", "--days", "1"),
    "housekeeping": ("housekeeping", "--dry-run"),
}


_NO_TABLE = {
    "companies template",
    "example",
    "run",
    "weekly",
    "backfill",
    "demo",
    "ui",
    "daemon",
    "metrics",
    "migrate",
    "doctor",
    "trace",
    "companies new",
    "sql show",
    "evaluate",
    "serve",
    "keys new",
    "keys list",
    "keys revoke",
}
"""They tell of work line by line, or show a query whose lines are its own."""


def test_every_command_is_looked_at() -> None:
    assert {name for name in every_command() if name not in _LINES} == _NO_TABLE


@pytest.mark.slow
@pytest.mark.parametrize("line", _LINES.values(), ids=_LINES)
def test_no_word_is_broken(used: Terminal, line: tuple[str, ...]) -> None:
    check_narrow(lambda variables: used.recs(*line, **variables))


@pytest.mark.parametrize("name", ["", *every_command()])
def test_no_word_of_a_help_is_broken(terminal: Terminal, name: str) -> None:
    narrow, wide = (terminal.recs(*name.split(), "--help", COLUMNS=columns).out for columns in ("80", "1000"))
    assert words(narrow) == words(wide)
    assert max(map(len, narrow.splitlines())) <= 80


def test_tables_are_laid_out_in_one_place() -> None:
    folder = Path(__file__).parents[2] / "recs_platform" / "cli"
    assert [
        path.name
        for path in folder.glob("*.py")
        if re.search(r"rich.table import .*Table|add_column", path.read_text())
    ] == []


def test_what_is_piped_keeps_its_lines(terminal: Terminal) -> None:
    (terminal.companies / "acme.yaml").write_text("name: acme\nstrateggy: vehicle_fitment\n" + "zzz: 1\n" * 30)
    ended = terminal.recs("companies", "check", "acme", COLUMNS="80")
    assert ended.code == 2
    assert max(map(len, ended.err.splitlines())) > 100
    shown = terminal.recs("companies", "list", COLUMNS="20")
    assert all(len(line) > 40 for line in shown.out.splitlines()[1:])


@pytest.mark.slow
def test_a_real_terminal_is_asked_for_its_width(terminal: Terminal) -> None:
    outside, inside = pty.openpty()
    fcntl.ioctl(inside, termios.TIOCSWINSZ, struct.pack("HHHH", 40, 80, 0, 0))
    script = "from recs_platform.cli import main; main()"
    environment = {name: value for name, value in os.environ.items() if name not in ("COLUMNS", "LINES")}
    subprocess.run(
        [sys.executable, "-c", script, "companies", "list"],
        env={**environment, **terminal.environment, "TERM": "xterm", "NO_COLOR": "1"},
        stdin=inside,
        stdout=inside,
        stderr=inside,
        check=True,
    )
    os.close(inside)
    said = os.read(outside, 65536).decode()
    os.close(outside)
    assert "replenishment" in said
    assert 60 < max(map(len, said.replace("\x1b[1m", "").replace("\x1b[0m", "").splitlines())) <= 80
