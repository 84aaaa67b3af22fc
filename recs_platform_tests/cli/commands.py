"""Every command, found in `recs` itself, and how to write it: a new one is tested without being listed."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import typer.main

from recs_platform.cli import app

_DAYS = ("--date", "--from", "--to", "--a", "--b", "--as-of", "--week")


def every_command() -> dict[str, Any]:
    """By what one types: `models list`."""
    return dict(_commands(typer.main.get_command(app), ()))


def _commands(command: Any, path: tuple[str, ...]) -> Iterator[tuple[str, Any]]:
    names = command.list_commands(_context(command)) if hasattr(command, "list_commands") else None
    if names is None:
        yield " ".join(path), command
    for name in names or ():
        yield from _commands(command.get_command(_context(command), name), (*path, name))


def _context(command: Any) -> Any:
    return command.make_context("recs", [], resilient_parsing=True)


def arguments(command: Any) -> list[Any]:
    return [param for param in command.params if param.param_type_name == "argument"]


def takes_company(command: Any) -> bool:
    return any("COMPANY" in (param.metavar or "") for param in arguments(command))


def day_options(command: Any) -> list[str]:
    return [
        str(param.opts[0])
        for param in _options(command)
        if param.opts[0] in _DAYS and param.metavar != "PLACE" and getattr(param, "min", None) is None
    ]


def required_line(command: Any) -> list[str]:
    """What has to stand behind a command and its company."""
    others = ["1" for param in arguments(command)[1:] if param.required]
    return [
        *others,
        *(word for param in _options(command) if param.required for word in (param.opts[0], _value(param))),
    ]


def _options(command: Any) -> list[Any]:
    return [param for param in command.params if param.param_type_name == "option"]


def _value(param: Any) -> str:
    if param.opts[0] == "--strategy":
        return "replenishment"
    if param.opts[0] == "--channel":
        return "email"
    return "2025-09-02" if param.opts[0] in _DAYS and getattr(param, "min", None) is None else "1"
