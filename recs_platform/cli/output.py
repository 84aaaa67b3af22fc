"""How commands speak: tables and progress on the terminal for people, one JSON value on stdout for programs.

A text is shown as it is: nothing that comes from data, a file or an option is ever taken for markup. Styles stand
beside a text, never in it, so that there is nothing to escape.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable, Sequence
from datetime import date, datetime
from typing import Annotated, Any, TypeAlias

import typer
from rich.console import Console
from rich.table import Table
from rich.text import Text

from recs_platform.errors import ConfigError
from recs_platform.masking import mask_text

FAILED, MISTAKE, INTERRUPTED = 1, 2, 130

_PIPED_WIDTH = 140
console = Console(width=None if sys.stdout.isatty() else _PIPED_WIDTH, markup=False, emoji=False, highlight=False)
error_console = Console(stderr=True, markup=False, emoji=False, highlight=False)

Part: TypeAlias = str | tuple[str, str]
"""A text, or a text and its style."""

JsonOption = Annotated[bool, typer.Option("--json", help="Print one JSON value instead of tables.")]


def say(*parts: Part, out: Console | None = None) -> None:
    """A line for people."""
    (out or console).print(styled(*parts), soft_wrap=True)


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
    say(("error:", "bold red"), " ", mask_text(message), out=error_console)


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
    """A table whose columns from `right` on are numbers."""
    table = Table(title=styled(title), title_justify="left", header_style="bold", title_style="bold")
    for number, name in enumerate(columns):
        table.add_column(styled(name), justify="right" if number >= right else "left", overflow="fold")
    for row in rows:
        table.add_row(*(_cell(value) for value in row))
    console.print(table)


# What moves the cursor, hides what follows or paints it.
_CONTROLS = {code: "\ufffd" for code in (*range(32), *range(127, 160)) if chr(code) not in "\n\t"}


def _printable(text: str) -> str:
    return text.translate(_CONTROLS)


def _cell(value: object) -> Text:
    return value if isinstance(value, Text) else styled(_cell_text(value))


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
