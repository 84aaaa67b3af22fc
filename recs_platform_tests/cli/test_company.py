"""One way to name a company, the first argument, and another that says the same, `-c`: in every command about one."""

from __future__ import annotations

import re
from typing import Any

import pytest

from recs_platform_tests.cli.commands import arguments, every_command, required_line, takes_company
from recs_platform_tests.cli.terminal import Terminal
from recs_platform_tests.docs.console import ROOT

_ABOUT_NONE = {
    "alerts send",
    "bench",
    "companies list",
    "companies new",
    "companies template",
    "daemon",
    "demo",
    "doctor",
    "example",
    "housekeeping",
    "keys revoke",
    "metrics",
    "migrate",
    "report overview",
    "serve",
    "sql check",
    "ui",
}
_COMMANDS = {name: command for name, command in every_command().items() if takes_company(command)}


def test_every_other_command_is_about_a_company() -> None:
    assert set(every_command()) - set(_COMMANDS) == _ABOUT_NONE
    assert all("COMPANY" in arguments(command)[0].metavar for command in _COMMANDS.values())


@pytest.mark.parametrize("name", _COMMANDS)
def test_an_argument_and_the_option_say_the_same(name: str) -> None:
    command, others = _COMMANDS[name], required_line(_COMMANDS[name])
    plain = _understood(command, ["acme", *others])
    assert arguments(command)[0].name in plain
    for option in (["-c", "acme"], ["-cacme"], ["--company", "acme"], ["--company=acme"]):
        assert _understood(command, [*option, *others]) == plain
        assert _understood(command, [*others, *option]) == plain
        assert _understood(command, ["acme", *others, *option]) == plain


@pytest.mark.parametrize("name", _COMMANDS)
def test_two_companies_are_one_message(terminal: Terminal, name: str) -> None:
    others = required_line(_COMMANDS[name])
    ended = terminal.recs(*name.split(), "acme", *others, "-c", "metro")
    assert ended.code == 2
    assert ended.out == ""
    assert ended.err == (
        f"error: The company is named twice, as acme and as metro; name it once. See `recs {name} --help`.\n"
    )


def test_the_help_shows_one_way(terminal: Terminal) -> None:
    for name in _COMMANDS:
        told = terminal.recs(*name.split(), "--help").out
        assert "COMPANY" in told
        assert "--company" not in told


def test_several_companies_by_either_way() -> None:
    backfill, days = _COMMANDS["backfill"], required_line(_COMMANDS["backfill"])
    plain = _understood(backfill, ["acme", "metro", *days])
    assert plain == _understood(backfill, ["-c", "acme", *days, "--company", "metro"])


@pytest.mark.parametrize("line", [("metro",), ("-c", "metro"), ("--company=metro",), ("--json", "metro")])
def test_the_short_way_to_list_models_knows_both(terminal: Terminal, line: tuple[str, ...]) -> None:
    assert terminal.recs("models", *line).told == terminal.recs("models", "list", *line).told


def test_docs_and_messages_show_one_way() -> None:
    other = re.compile(r"recs (?:run|backfill|status|query|verify|simulate|sql show)\b[^\n]* (?:--company|-c) ")
    pages = [ROOT / "README.md", *(ROOT / "docs").glob("*.md"), *(ROOT / "recs_platform").rglob("*.py")]
    assert len(pages) > 100
    assert [(page.name, found[0]) for page in pages for found in [other.search(page.read_text())] if found] == []


def _understood(command: Any, line: list[str]) -> dict[str, Any]:
    """What a command is called with. Nothing is run, and no value is looked at."""
    return dict(command.make_context("recs", line).params)
