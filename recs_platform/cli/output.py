"""How commands speak: tables and progress on the terminal for people, one JSON value on stdout for programs."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable, Sequence
from datetime import date, datetime
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from recs_platform.errors import ConfigError
from recs_platform.masking import mask_text

FAILED, MISTAKE, INTERRUPTED = 1, 2, 130

_PIPED_WIDTH = 140
console = Console(width=None if sys.stdout.isatty() else _PIPED_WIDTH)
error_console = Console(stderr=True)

JsonOption = Annotated[bool, typer.Option("--json", help="Print one JSON value instead of tables.")]
CompanyOption = Annotated[str, typer.Option("--company", "-c", help="A company's name: see `recs companies list`.")]


def tell_error(message: str) -> None:
    """One message for people."""
    plain = mask_text(message).replace("[", "\\[")
    error_console.print(f"[bold red]error:[/] {plain}", soft_wrap=True)


def tell_trace(trace: str) -> None:
    """Where a defect happened, for whoever mends it."""
    error_console.print(mask_text(trace.strip()), markup=False, highlight=False, soft_wrap=True)


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
    table = Table(title=escape(title), title_justify="left", header_style="bold", title_style="bold")
    for number, name in enumerate(columns):
        table.add_column(name, justify="right" if number >= right else "left", overflow="fold")
    for row in rows:
        table.add_row(*(_cell(value) for value in row))
    console.print(table)


def _cell(value: object) -> str:
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
