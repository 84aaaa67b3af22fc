"""Dagster's daemon: by itself, or beside the UI.

Beside the UI it ends with the process that started it, however that ends: a daemon that is left over would fight the
next one for schedules and queued runs."""

from __future__ import annotations

import os
import signal
import sys
import threading

from dagster._daemon.cli import cli, main

from recs_platform.automation.code_location import located


def run_by_itself() -> None:
    """Schedules, sensors, queued runs and backfills, until Ctrl-C or SIGTERM."""
    with located() as (_, file):
        cli(["run", "--log-level=info", f"--workspace={file}"], obj={}, standalone_mode=False)


def _end_with_the_parent() -> None:
    """Its standard input is a pipe that the parent holds open and never writes to. Read past `sys.stdin`, whose lock
    this thread would hold while the process ends for another reason."""
    os.read(sys.stdin.fileno(), 1)
    os.kill(os.getpid(), signal.SIGINT)


if __name__ == "__main__":
    threading.Thread(target=_end_with_the_parent, daemon=True).start()
    main()
