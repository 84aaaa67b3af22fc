"""`recs ui`: the Dagster UI on this machine's instance."""

from __future__ import annotations

import os
import sys
from typing import Annotated

import typer

from recs_platform.cli.output import say


def register(app: typer.Typer) -> None:
    app.command("ui")(ui)


def ui(
    port: Annotated[int, typer.Option(min=1, max=65535, help="Port on this machine.")] = 3000,
    host: Annotated[str, typer.Option(help="Address to listen on.")] = "127.0.0.1",
) -> None:
    """Open the Dagster UI and its daemon: lineage, runs, schedules, backfills. Ctrl-C ends it."""
    from recs_platform.automation.instance import dagster_home, shipped_file
    from recs_platform.strategies.catalogue import pipelines

    pipelines()  # a wrong query is said here, in one line, not in the UI's log
    home = dagster_home()
    say(f"Dagster UI on http://{host}:{port} (instance in {home}). Ctrl-C ends it.")
    workspace = str(shipped_file("workspace.yaml"))
    command = [sys.executable, "-m", "dagster", "dev", "-w", workspace, "-p", str(port), "-h", host]
    os.execv(sys.executable, command)  # noqa: S606  (our own interpreter, arguments validated above)
