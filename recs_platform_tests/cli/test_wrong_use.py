"""Every command, wrongly used in every way that a person does: one message that says what to do, and exit code 2.

The commands are found in `recs` itself. What a single command refuses besides is in its own tests.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from recs_platform_tests.cli.commands import arguments, day_options, every_command, required_line, takes_company
from recs_platform_tests.cli.terminal import Ended, Terminal

_COMMANDS = every_command()
_OF_COMPANIES = {name: command for name, command in _COMMANDS.items() if takes_company(command)}
_NEED_NO_HOME = {
    "run",
    "weekly",
    "evaluate",
    "backfill",
    "simulate",
    "demo",
    "ui",
    "daemon",
    "bench",
    "sql show",
    "sql check",
}
_NEED_NO_HOME |= {"companies list", "companies new", "companies check", "alerts test"}
_WITH_MODELS = "metro"
_DAYS = [(name, option) for name, command in _COMMANDS.items() for option in day_options(command)]


def check_one_message(ended: Ended, *told: str) -> None:
    assert ended.code == 2, ended.told
    assert ended.out == ""
    assert ended.err.startswith("error: ")
    assert ended.err.count("\n") == 1, ended.err
    assert ended.err.endswith((".\n", "?\n")) or "recs run" in ended.err.rpartition(".")[2]
    assert "Traceback" not in ended.err
    for text in told:
        assert text in ended.err


def line(name: str, company: str = _WITH_MODELS) -> list[str]:
    """A command as it should be written."""
    command: Any = _COMMANDS[name]
    first = [company] if takes_company(command) else ["northwind" for param in arguments(command) if param.required]
    return [*name.split(), *first, *required_line(command)]


@pytest.mark.parametrize("name", [name for name, c in _COMMANDS.items() if any(p.required for p in c.params)])
def test_nothing_said(terminal: Terminal, name: str) -> None:
    check_one_message(
        terminal.recs(*name.split()), "Missing argument '", f"Write: recs {name} ", f"`recs {name} --help`"
    )


@pytest.mark.parametrize("name", _COMMANDS)
def test_an_option_that_is_not_there(terminal: Terminal, name: str) -> None:
    check_one_message(terminal.recs(*line(name), "--zzz"), "No such option: --zzz", f"See `recs {name} --help`.")


@pytest.mark.parametrize("name", [name for name in _COMMANDS if name != "backfill"])
def test_too_many_arguments(terminal: Terminal, name: str) -> None:
    words = [*line(name), "surplus", "more"]
    check_one_message(terminal.recs(*words), "Too many arguments (", "more).", f"Write: recs {name}")


@pytest.mark.parametrize("name", _OF_COMPANIES)
def test_a_company_that_is_not_there(terminal: Terminal, name: str) -> None:
    check_one_message(terminal.recs(*line(name, "metor")), 'no company "metor". Did you mean "metro"?')
    check_one_message(terminal.recs(*line(name, "zzz")), 'no company "zzz". Known: acme, concord, holley, metro.')


@pytest.mark.parametrize(("name", "option"), _DAYS)
def test_a_day_that_is_none(terminal: Terminal, used: Terminal, name: str, option: str) -> None:
    words = line(name, "concord")
    given = words.index(option) if option in words else len(words)
    ended = used.recs(*words[:given], option, "yesterday", *words[given + 2 :])
    check_one_message(ended)
    refused = (f"{option}: 'yesterday' is not a day; write it as 2025-12-02.", "concord has no")
    assert any(text in ended.err for text in refused), ended.err


@pytest.mark.parametrize("name", [name for name in _OF_COMPANIES if name not in _NEED_NO_HOME])
@pytest.mark.parametrize("made", [False, True])
def test_a_home_where_nothing_was_made(tmp_path: Path, terminal: Terminal, name: str, made: bool) -> None:
    home = tmp_path / "elsewhere"
    if made:
        home.mkdir()
    words = [{"1": "SELECT 1 AS one"}.get(word, word) if name == "query" else word for word in line(name)]
    ended = terminal.recs(*words, RECS_HOME=str(home))
    check_one_message(ended, f"{home}: nothing was ever made here. Set RECS_HOME", "recs run COMPANY --date DAY")
    assert sorted(home.rglob("*")) == []


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("models", "list", "acme"), "acme trains no models: its strategy, vehicle_fitment, ranks without one."),
        (("models", "activate", "acme", "1"), "acme trains no models"),
        (("models", "rollback", "acme"), "acme trains no models"),
        (("publish", "concord", "--product", "parts"), "concord publishes recommendations and allocation, not parts."),
        (
            ("publish", "concord"),
            "weekly_recommendations was never made: `recs weekly concord --week DAY` comes first.",
        ),
        (("compare", "concord", "--a", "2025-09-02", "--b", "2025-09-03"), "concord"),
    ],
)
def test_a_company_of_another_strategy(used: Terminal, words: tuple[str, ...], told: str) -> None:
    check_one_message(used.recs(*words), told)
