"""How commands speak: tables and progress on the terminal for people, one JSON value on stdout for programs.

A text is shown as it is: nothing that comes from data, a file or an option is ever taken for markup. Styles stand
beside a text, never in it, so that there is nothing to escape. On a terminal lines end between words (layout.py); what
is piped keeps its lines.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Sequence
from datetime import date, datetime
from typing import Annotated, Any, TypeAlias

import typer
from rich.console import Console
from rich.text import Text

from recs_platform.cli.layout import Column, table, wrapped
from recs_platform.errors import ConfigError
from recs_platform.masking import mask_text

FAILED, MISTAKE, INTERRUPTED = 1, 2, 130
_ENDED = re.compile(r"[.?!]$|\brecs [a-z]+ [^.]*$")

_PIPED_WIDTH = 140
console = Console(markup=False, emoji=False, highlight=False)
error_console = Console(stderr=True, markup=False, emoji=False, highlight=False)

Part: TypeAlias = str | tuple[str, str]
"""A text, or a text and its style."""

JsonOption = Annotated[bool, typer.Option("--json", help="Print JSON instead of tables.")]


def say(*parts: Part, out: Console | None = None) -> None:
    """A line for people."""
    out, text = out or console, styled(*parts)
    for line in wrapped(text, out.width) if out.is_terminal else [text]:
        out.print(line, soft_wrap=True)


def styled(*parts: Part) -> Text:
    """Texts after each other, each in its style: a line, or a cell of a table.

    >>> styled(("ok", "green"), "  [b]").plain
    'ok  [b]'
    """
    return Text.assemble(
        *((_printable(part), "") if isinstance(part, str) else (_printable(part[0]), part[1]) for part in parts)
    )


def tell_error(message: str) -> None:
    """One message for people."""
    say(("error:", "bold red"), " ", mask_text(as_sentence(message)), out=error_console)


def as_sentence(message: str) -> str:
    """With a full stop at its end, unless that is a command to be copied.

    >>> as_sentence("the day is missing"), as_sentence("make it: recs run acme --date 2025-12-02")
    ('the day is missing.', 'make it: recs run acme --date 2025-12-02')
    """
    return message if _ENDED.search(message) else f"{message}."


def tell_trace(trace: str) -> None:
    """Where a defect happened, for whoever mends it."""
    say(mask_text(trace.strip()), out=error_console)


def day_of(text: str, option: str) -> date:
    """A day as the user typed it."""
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise ConfigError(f"{option}: {text!r} is not a day; write it as 2025-12-02.") from None


def print_json(value: Any) -> None:
    typer.echo(json.dumps(value, default=str, ensure_ascii=False))


def print_table(title: str, columns: Sequence[str], rows: Iterable[Sequence[object]], *, right: int = 99) -> None:
    """A table whose columns from `right` on, and those of numbers, are flushed right."""
    listed = list(rows)
    if title:
        console.print()
        say((title, "bold"))
    _print_cells(columns, listed, [[_cell(value) for value in row] for row in listed], right)


def print_values(columns: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
    """A table of numbers as they are, to be copied: no thousands are set apart and nothing is rounded off."""
    listed = list(rows)
    _print_cells(columns, listed, [[styled(_exact(value)) for value in row] for row in listed])


def _print_cells(
    columns: Sequence[str], rows: Sequence[Sequence[object]], cells: Sequence[Sequence[Text]], right: int = 99
) -> None:
    headed = [
        Column(styled((name, "bold")), right=number >= right or _are_numbers(row[number] for row in rows))
        for number, name in enumerate(columns)
    ]
    for line in table(headed, cells, console.width if console.is_terminal else _PIPED_WIDTH):
        console.print(line, soft_wrap=True)


def _are_numbers(values: Iterable[object]) -> bool:
    return all(value is None or (isinstance(value, (int, float)) and not isinstance(value, bool)) for value in values)


# What moves the cursor, hides what follows or paints it.
_CONTROLS = {code: "\ufffd" for code in (*range(32), *range(127, 160)) if chr(code) not in "\n\t"}


def _printable(text: str) -> str:
    return text.translate(_CONTROLS)


def _cell(value: object) -> Text:
    return value if isinstance(value, Text) else styled(_cell_text(value))


def _exact(value: object) -> str:
    match value:
        case bool() | None:
            return _cell_text(value)
        case float():
            return f"{value:.12g}"
        case _:
            return str(value)


def _cell_text(value: object) -> str:
    match value:
        case None:
            return ""
        case datetime():
            return f"{value:%Y-%m-%d %H:%M}"
        case bool():
            return "yes" if value else "no"
        case int():
            return f"{value:,}"
        case float():
            return f"{value:,.2f}"
        case _:
            return str(value)
