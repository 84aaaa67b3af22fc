"""`recs`: the platform from a terminal. One module per group of commands; this one puts them together.

Exit codes: 0 done, 1 work failed, 2 the user's mistake. A mistake is one message, and so is what a rerun may cure; a
traceback is a bug of ours.
Commands import what they need when they run, so that `recs --help` does not load Dagster.
"""

from __future__ import annotations

import sys
import traceback
from functools import cache
from typing import Annotated, Any

import typer
from typer.exceptions import TyperException

from recs_platform import __version__
from recs_platform.cli import (
    alerts,
    backfill,
    bench,
    companies,
    compare,
    daemon,
    demo,
    doctor,
    evaluate,
    example,
    export,
    housekeeping,
    keys,
    metrics,
    migrate,
    models,
    publish,
    query,
    report,
    run,
    serve,
    simulate,
    sql,
    status,
    trace,
    ui,
    verify,
    weekly,
    why,
)
from recs_platform.cli.output import (
    FAILED,
    INTERRUPTED,
    MISTAKE,
    as_sentence,
    error_console,
    say,
    tell_error,
    tell_trace,
)
from recs_platform.errors import TransientError, UserError
from recs_platform.process import collect_garbage_rarely, end_without_a_look, write_privately

app = typer.Typer(
    name="recs",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode="rich",
)
_PANELS = {
    "Every day": ("run", "weekly", "status", "ui", "daemon", "backfill"),
    "Watch": ("doctor", "trace", "alerts", "metrics", "housekeeping"),
    "Look": ("why", "query", "compare", "evaluate", "report", "verify"),
    "Publish": ("publish", "publications", "rollback", "export", "models"),
    "Serve": ("serve", "keys"),
    "Set up": ("companies", "example", "demo", "simulate", "sql", "bench", "migrate"),
}
for module in (
    run,
    weekly,
    backfill,
    status,
    ui,
    daemon,
    doctor,
    trace,
    metrics,
    housekeeping,
    why,
    query,
    compare,
    evaluate,
    verify,
    publish,
    export,
    serve,
    demo,
    example,
    simulate,
    migrate,
    bench,
):
    module.register(app)
app.add_typer(alerts.app, name="alerts")
app.add_typer(report.app, name="report")
app.add_typer(models.app, name="models")
app.add_typer(keys.app, name="keys")
app.add_typer(companies.app, name="companies")
app.add_typer(sql.app, name="sql")
for panel, names in _PANELS.items():
    for command in app.registered_commands:
        if command.name in names:
            command.rich_help_panel = panel
    for group in app.registered_groups:
        if group.name in names:
            group.rich_help_panel = panel


def _say_version(asked: bool) -> None:
    if asked:
        typer.echo(f"recs {__version__}")
        raise typer.Exit


@app.callback()
def recs(
    version: Annotated[
        bool, typer.Option("--version", is_eager=True, callback=_say_version, help="Print the version.")
    ] = False,
) -> None:
    """Make, check, publish and measure recommendations for many retailers."""


def main(arguments: list[str] | None = None) -> None:
    """Run a command and leave with its exit code."""
    collect_garbage_rarely()
    end_without_a_look()
    write_privately()
    sys.exit(_exit_code(arguments))


@cache
def _command() -> Any:
    """Put together once, however many commands one process carries out."""
    return typer.main.get_command(app)


def _exit_code(arguments: list[str] | None) -> int:
    try:
        code: Any = _command()(args=arguments, prog_name="recs", standalone_mode=False)
    except UserError as error:
        tell_error(str(error))
        return MISTAKE
    except TransientError as error:
        tell_error(f"{as_sentence(str(error))} The same command may succeed later.")
        return FAILED
    except TyperException as error:
        _tell_usage(error)
        return MISTAKE
    except typer.Abort:
        code = INTERRUPTED
    except BrokenPipeError:
        return FAILED
    except Exception:
        tell_trace(traceback.format_exc())
        return FAILED
    if code == INTERRUPTED:  # Typer gives this code itself when Ctrl-C reaches it
        said = " nothing half-done was published; run the same command again."
        say(("interrupted:", "yellow"), said, out=error_console)
    return code if isinstance(code, int) else 0


def _tell_usage(error: TyperException) -> None:
    message = error.format_message().strip()
    if not message:  # a group without a command has printed its help instead
        return
    context = getattr(error, "ctx", None)
    command = context.command_path if context else "recs"
    said = as_sentence(message.replace("Got unexpected extra argument(s)", "Too many arguments"))
    form = ""
    if context and "argument" in message:
        form = f" Write: {command} {' '.join(context.command.collect_usage_pieces(context))}."
    tell_error(f"{said}{form} See `{command} --help`.")
