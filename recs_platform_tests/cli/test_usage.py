"""What everybody gets wrong once: one message that says what to do, the right exit code, and no traceback."""

from __future__ import annotations

import subprocess
import sys

import dagster as dg
import pytest

from recs_platform.automation import failures
from recs_platform.cli import app
from recs_platform.errors import TransientError, UserError
from recs_platform.strategies import catalogue
from recs_platform_tests.cli.terminal import Ended, Terminal

_COMMANDS = [
    ("companies", "list"),
    ("sql", "check"),
    ("sql", "show", "events", "--company", "acme"),
    ("simulate", "--company", "acme", "--days", "1"),
    ("run", "--company", "acme", "--date", "2025-09-01"),
    ("backfill", "--company", "acme", "--from", "2025-09-01", "--to", "2025-09-01"),
    ("status",),
    ("query", "SELECT 1 AS one", "--company", "acme"),
    ("demo",),
]
_UNREACHABLE = "postgresql://anna:geheim@127.0.0.1:1/platform"


class NeverSeenMistakeError(UserError): ...


class NeverSeenOutageError(TransientError): ...


def test_without_a_command_the_help_is_shown(terminal: Terminal) -> None:
    ended = terminal.recs()
    assert ended.code == 2
    assert "Usage: recs" in ended.told
    assert "error" not in ended.told


def test_help_names_every_command(terminal: Terminal) -> None:
    ended = terminal.recs("--help")
    assert ended.code == 0
    known = [command.name for command in app.registered_commands] + [group.name for group in app.registered_groups]
    assert {"demo", "run", "backfill", "status", "query", "simulate", "ui", "bench", "companies", "sql"} <= set(known)
    for name in known:
        assert f"│ {name} " in ended.out


@pytest.mark.parametrize(
    "arguments, told",
    [
        (("rnu",), "No such command 'rnu'. Did you mean 'run'? See `recs --help`."),
        (("companies", "lst"), "Did you mean 'list'? See `recs companies --help`."),
        (("run",), "Missing argument 'COMPANY'. Write: recs run [OPTIONS] COMPANY. See `recs run --help`."),
        (("run", "--compny", "acme"), "No such option: --compny"),
        (("query", "SELECT 1 AS one", "-c", "acme", "--limit", "0"), "Invalid value for '--limit'"),
        (("companies", "check", "acmee"), 'no company "acmee". Did you mean "acme"?'),
        (("status", "--company", "metor"), 'Did you mean "metro"?'),
        (("run", "-c", "acme", "--date", "yesterday"), "--date: 'yesterday' is not a day; write it as 2025-12-02."),
        (("run", "-c", "acme", "--date", "2025-09-02", "--to", "2025-13-01"), "--to: '2025-13-01' is not a day"),
        (("run", "-c", "acme", "--date", "2025-09-03", "--to", "2025-09-01"), "2025-09-01, is before the first"),
        (("run", "-c", "acme", "--date", "2025-08-31"), "acme starts on 2025-09-01"),
        (("backfill", "-c", "acme", "--from", "2025-08-31", "--to", "2025-09-01"), "acme starts on 2025-09-01"),
        (("backfill", "-c", "acme", "--from", "1.9.2025", "--to", "2025-09-01"), "--from: '1.9.2025' is not a day"),
        (("sql", "show", "evnts", "-c", "acme"), 'has no table, check or question evnts. Did you mean "events"?'),
        (("sql", "show", "rejected_shares", "-c", "acme"), 'Did you mean "rejected_share"?'),
        (("sql", "show", "zzzzzz", "-c", "acme"), "no table, check or question zzzzzz. It has landed_events"),
        (("sql", "show", "events", "-c", "acme", "--engine", "mysql"), "allowed: duckdb, bigquery"),
        (("bench", "fondation"), "no benchmark fondation"),
    ],
)
def test_a_mistake_is_one_message(terminal: Terminal, arguments: tuple[str, ...], told: str) -> None:
    ended = terminal.recs(*arguments)
    assert ended.code == 2
    assert ended.out == ""
    assert ended.err.startswith("error: ")
    assert told in ended.told
    assert "Traceback" not in ended.err


@pytest.mark.parametrize("command", [c for c in _COMMANDS if "acme" in c], ids=lambda c: " ".join(c[:2]))
def test_a_broken_company_file_stops_every_command_about_that_company(
    terminal: Terminal, command: tuple[str, ...]
) -> None:
    (terminal.companies / "acme.yaml").write_text("name: acme\nstrateggy: vehicle_fitment\n")
    ended = terminal.recs(*command)
    assert ended.code == 2
    assert "acme.yaml" in ended.told
    assert 'Did you mean "strategy"?' in ended.told
    assert "Traceback" not in ended.told


@pytest.mark.parametrize("command", [c for c in _COMMANDS if c[0] in ("status", "run", "backfill")], ids=lambda c: c[0])
def test_a_database_that_cannot_be_reached_is_named_without_its_password(
    terminal: Terminal, command: tuple[str, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A server that does not answer may answer later, so it is nobody's mistake."""
    monkeypatch.setattr(failures, "RETRIES", dg.RetryPolicy(max_retries=1, delay=0.01))
    ended = terminal.recs(*command, RECS_DATABASE_URL=_UNREACHABLE)
    assert ended.code == 1
    assert "platform database" in ended.told
    assert "check RECS_DATABASE_URL" in ended.told
    assert "geheim" not in ended.told
    assert "Traceback" not in ended.told


@pytest.mark.parametrize(
    ("error", "code", "told"),
    [
        (NeverSeenMistakeError("acme: jane.doe@example.com is no vehicle [x]."), 2, "j***@***.com is no vehicle [x]."),
        (
            NeverSeenOutageError("acme: the shop of jane.doe@example.com is closed."),
            1,
            "error: acme: the shop of j***@***.com is closed. The same command may succeed later.",
        ),
    ],
)
def test_errors_are_told_by_their_ancestors(
    terminal: Terminal, monkeypatch: pytest.MonkeyPatch, error: Exception, code: int, told: str
) -> None:
    ended = _breaks_off(terminal, monkeypatch, error)
    assert ended.code == code
    assert told in ended.told
    assert ended.err.startswith("error: ")
    assert "Traceback" not in ended.told
    assert ended.out == ""


def test_a_defect_leaves_its_trace_on_standard_error(terminal: Terminal, monkeypatch: pytest.MonkeyPatch) -> None:
    ended = _breaks_off(terminal, monkeypatch, ZeroDivisionError("by jane.doe@example.com"))
    assert ended.code == 1
    assert ended.err.startswith("Traceback (most recent call last):")
    assert ended.err.endswith("ZeroDivisionError: by j***@***.com\n")
    assert ended.out == ""


def _breaks_off(terminal: Terminal, monkeypatch: pytest.MonkeyPatch, error: Exception) -> Ended:
    def broken() -> None:
        raise error

    monkeypatch.setattr(catalogue, "load_companies", broken)
    return terminal.recs("companies", "list")


def test_a_wrong_variable_is_named(terminal: Terminal) -> None:
    ended = terminal.recs("status", RECS_ENV="prod")
    assert ended.code == 2
    assert "RECS_ENV: Input should be 'local' or 'production'" in ended.told


def test_help_does_not_load_dagster(terminal: Terminal) -> None:
    """It would take seconds to say how a command is spelt."""
    process = terminal.start("--help")
    out, _ = process.communicate()
    assert process.returncode == 0, out
    loaded = "import sys, recs_platform.cli; print([m for m in ('dagster', 'duckdb', 'pandas') if m in sys.modules])"
    shown = subprocess.run([sys.executable, "-c", loaded], capture_output=True, text=True, check=True)
    assert shown.stdout.strip() == "[]"


def test_status_does_not_load_dagster() -> None:
    """It is what one looks at most, and reads the ledger and the job log alone."""
    needed = "recs_platform.automation.overview, recs_platform.automation.platform_overview"
    loaded = f"import sys, {needed}; from recs_platform.strategies.catalogue import pipelines; pipelines(); "
    loaded += "print([m for m in ('dagster', 'lightgbm', 'pandas') if m in sys.modules])"
    shown = subprocess.run([sys.executable, "-c", loaded], capture_output=True, text=True, check=True)
    assert shown.stdout.strip() == "[]"
