"""`recs daemon`: Dagster's daemon by itself, where the UI runs elsewhere."""

from __future__ import annotations

import typer

from recs_platform.cli.output import say


def register(app: typer.Typer) -> None:
    app.command("daemon")(daemon)


def daemon() -> None:
    """Run schedules, sensors and queued runs until SIGTERM or Ctrl-C.

    For machines and clusters where the UI, the daemon and the code server are processes apart (RECS_CODE_SERVER). `recs
    ui` by itself has a daemon of its own."""
    from recs_platform.automation.daemon import run_by_itself
    from recs_platform.settings import settings

    place = settings().code_server or "a code server of its own"
    say(f"Dagster's daemon, on {place}. Ctrl-C ends it.")
    run_by_itself()
