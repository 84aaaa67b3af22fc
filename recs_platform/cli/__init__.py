"""`recs`: the platform from a terminal. One module per group of commands; this one puts them together.

Exit codes: 0 done, 1 work failed, 2 the user's mistake. A mistake is one message, and so is what a rerun may cure; a
traceback is a bug of ours.
Commands import what they need when they run, so that `recs --help` does not load Dagster.
"""

from __future__ import annotations

import sys
import traceback
from typing import Any

import typer
from typer.exceptions import TyperException

from recs_platform.cli import (
    bench,
    companies,
    compare,
    demo,
    models,
    publish,
    query,
    report,
    run,
    simulate,
    sql,
    status,
    ui,
    verify,
    why,
)
from recs_platform.cli.output import FAILED, INTERRUPTED, MISTAKE, error_console, say, tell_error, tell_trace
from recs_platform.errors import TransientError, UserError
from recs_platform.process import collect_garbage_rarely, end_without_a_look, write_privately

app = typer.Typer(
    name="recs",
    help="Recommendations for many retailers: load, check, publish and measure them.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode="rich",
)
for module in (demo, simulate, run, publish, status, query, verify, ui, bench, why, compare):
    module.register(app)
app.add_typer(companies.app, name="companies")
app.add_typer(models.app, name="models")
app.add_typer(report.app, name="report")
app.add_typer(sql.app, name="sql")


def main(arguments: list[str] | None = None) -> None:
    """Run a command and leave with its exit code."""
    collect_garbage_rarely()
    end_without_a_look()
    write_privately()
    sys.exit(_exit_code(arguments))


def _exit_code(arguments: list[str] | None) -> int:
    try:
        code: Any = app(args=arguments, prog_name="recs", standalone_mode=False)
    except UserError as error:
        tell_error(str(error))
        return MISTAKE
    except TransientError as error:
        tell_error(f"{error} The same command may succeed later.")
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
    stop = "" if message.endswith((".", "?")) else "."
    tell_error(f"{message}{stop} See `{command} --help`.")
