"""What `recs --help` and the others say: every command in a panel, in the same form, and short."""

from __future__ import annotations

import pytest

from recs_platform import __version__
from recs_platform.cli import _PANELS, app
from recs_platform_tests.cli.commands import every_command
from recs_platform_tests.cli.terminal import Terminal

_COMMANDS = every_command()


def test_the_version(terminal: Terminal) -> None:
    ended = terminal.recs("--version")
    assert (ended.code, ended.out, ended.err) == (0, f"recs {__version__}\n", "")


def test_every_command_stands_in_one_panel(terminal: Terminal) -> None:
    named = [name for names in _PANELS.values() for name in names]
    known = [command.name for command in app.registered_commands] + [group.name for group in app.registered_groups]
    assert sorted(named) == sorted(str(name) for name in known)
    told = terminal.recs("--help", COLUMNS="80").out
    assert "─ Commands ─" not in told
    assert [panel for panel in _PANELS if f"─ {panel} ─" in told] == list(_PANELS)


@pytest.mark.parametrize("name", _COMMANDS)
def test_a_help_opens_with_one_short_sentence(name: str) -> None:
    first = (_COMMANDS[name].help or "").split("\n\n")[0]
    assert first.endswith(".")
    assert len(first) <= 120
    assert first[0].isupper()


@pytest.mark.parametrize("name", _COMMANDS)
def test_every_argument_and_option_is_explained(name: str) -> None:
    for param in _COMMANDS[name].params:
        if getattr(param, "hidden", False):
            continue
        assert (param.help or "").endswith("."), param.name
