"""A command that only looks loads what it needs to look, so that it answers at once."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from importlib.util import find_spec

import pytest

from recs_platform_tests.cli.terminal import Terminal
from recs_platform_tests.slow import takes_seconds

NEVER = [
    "alembic",
    "dagster",
    "hypothesis",
    "ibis",
    "lightgbm",
    "matplotlib",
    "pandas",
    "pandera",
    "scipy.special",
    "sklearn",
]
"""What trains, judges rows, runs jobs, migrates or draws."""
PARSES, READS = "sqlglot", "duckdb"

_CODE = """
import json, sys
from recs_platform.cli import main
try:
    main(sys.argv[2:])
except SystemExit as ended:
    assert not ended.code, ended.code
print(json.dumps(sorted(set(json.loads(sys.argv[1])) & set(sys.modules))))
"""


def loaded(terminal: Terminal, arguments: tuple[str, ...], modules: list[str]) -> list[str]:
    """Which of these modules a command has loaded when it is done."""
    own = {name: value for name, value in os.environ.items() if not name.startswith(("RECS_", "DAGSTER_"))}
    ended = subprocess.run(
        [sys.executable, "-c", _CODE, json.dumps(modules), *arguments],
        env={**own, **terminal.environment},
        cwd=terminal.folder,
        capture_output=True,
        text=True,
        check=False,
    )
    assert ended.returncode == 0, ended.stderr
    found: list[str] = json.loads(ended.stdout.splitlines()[-1])
    return found


@pytest.fixture(scope="module")
@takes_seconds
def known(used: Terminal) -> Terminal:
    """Whoever comes first parses the queries, and what they name is known to all who come later."""
    loaded(used, ("status",), [])
    return used


@pytest.mark.slow
@pytest.mark.parametrize(
    ("arguments", "besides"),
    [
        (("--help",), [PARSES, READS, "sqlalchemy", "pyarrow", "pydantic_settings"]),
        (("status",), [PARSES]),
        (("status", "--company", "concord"), [PARSES]),
        (("publications", "concord", "--product", "allocation"), [PARSES]),
        (("query", "SELECT event_name, COUNT(*) AS n FROM events GROUP BY event_name", "-c", "concord"), []),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, tuple) else "",
)
def test_a_look_loads_nothing_that_it_does_not_use(
    known: Terminal, arguments: tuple[str, ...], besides: list[str]
) -> None:
    assert loaded(known, arguments, [*NEVER, *besides]) == []


@pytest.mark.slow
def test_the_modules_are_called_what_they_are_called_here(used: Terminal) -> None:
    """A run loads most of them: the names above are not misspelt. Who counts what is broken loads the others."""
    found = set(loaded(used, ("run", "--company", "concord", "--date", "2025-09-03"), [*NEVER, PARSES, READS]))
    assert {"dagster", "sqlglot", "duckdb", "scipy.special"} <= found
    assert not {"ibis", "pandera"} & found
    assert find_spec("ibis") and find_spec("pandera")
