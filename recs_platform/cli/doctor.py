"""`recs doctor`: what is wrong with this installation, and how to mend it."""

from __future__ import annotations

import os
from collections import Counter
from datetime import UTC, datetime

import typer

from recs_platform.cli.output import FAILED, JsonOption, Part, print_json, say
from recs_platform.plurals import counted

_STYLES = {"ok": "green", "warning": "yellow", "wrong": "red", "skipped": "dim"}


def register(app: typer.Typer) -> None:
    app.command("doctor")(doctor)


def doctor(as_json: JsonOption = False) -> int:
    """Say what is wrong with this installation, and how to mend it.

    It changes nothing. Exit code 1 when something has to be mended; warnings do not count."""
    from recs_platform.automation.doctor.checkup import check_up

    found = []
    for one in check_up(os.environ, datetime.now(UTC)):
        found.append(one)
        if not as_json:
            _tell(one.part, one.examined.state.value, one.examined.says, one.examined.remedy)
    counts = Counter(one.examined.state.value for one in found)
    if as_json:
        print_json([one.to_json() for one in found])
    else:
        say()
        say(*_summary(counts))
    return FAILED if counts["wrong"] else 0


def _tell(part: str, state: str, says: str, remedy: str) -> None:
    say((f"{state:<8}", _STYLES[state]), (part, "bold"), f": {says}")
    if remedy:
        say(f"{'':<8}", (remedy, _STYLES[state]))


def _summary(counts: Counter[str]) -> list[Part]:
    if counts["wrong"]:
        summary: Part = (f"{counted(counts['wrong'], 'thing')} to mend", "bold red")
    else:
        summary = ("nothing to mend", "bold green")
    others = f"{counted(counts['warning'], 'warning')}, {counts['ok']} ok, {counts['skipped']} not looked at"
    return [summary, f"; {others}."]
