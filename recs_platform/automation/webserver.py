"""The Dagster UI on this machine's instance: its web server behind a guard, its code server, and the daemon; or the web
server alone, where RECS_CODE_SERVER says that the others stand apart.

What `dagster dev` starts, but with the guard, and without the current folder on Python's path: a module that lies there
by chance or by intent is not imported. Not here: whom the guard refuses (web_guard.py).
"""

from __future__ import annotations

import argparse
import socket
import subprocess
import sys
from collections.abc import Collection, Iterator
from contextlib import contextmanager, nullcontext, suppress
from pathlib import Path

import uvicorn
from dagster import DagsterInstance
from dagster._core.workspace.context import WorkspaceProcessContext
from dagster._core.workspace.load_target import WorkspaceFileTarget
from dagster_webserver.app import create_app_from_workspace_process_context

from recs_platform.automation.code_location import located
from recs_platform.automation.web_guard import OwnPagesOnly
from recs_platform.automation.web_mend import MendedScripts
from recs_platform.settings import settings

_STATEMENT_MS, _RECYCLE_SECONDS, _MOST_BESIDE = 15_000, 3_600, 20
"""As Dagster's own web server has it: for how long a page's question may keep a server's database busy, when
connections are opened anew, and how many there are beside the first."""


def serve(host: str, listening: socket.socket, allowed_hosts: Collection[str]) -> None:
    """Until Ctrl-C or SIGTERM."""
    with located() as (instance, file):
        instance.optimize_for_webserver(_STATEMENT_MS, _RECYCLE_SECONDS, _MOST_BESIDE)
        import_for_requests(instance)
        # Where the code server stands apart, so does the daemon.
        daemon = _daemon(file) if settings().code_server is None else nullcontext()
        with daemon, WorkspaceProcessContext(instance, WorkspaceFileTarget([str(file)])) as context:
            app = create_app_from_workspace_process_context(context)
            guarded = OwnPagesOnly(MendedScripts(app), {host, *allowed_hosts})
            with suppress(KeyboardInterrupt):
                uvicorn.Server(uvicorn.Config(guarded, log_level="warning")).run(sockets=[listening])


def import_for_requests(instance: DagsterInstance) -> None:
    """What would be imported with the first requests. They come at once, each in its own thread, and two threads that
    import modules which import each other may see one of them half made."""
    import sqlalchemy.orm  # noqa: F401

    _ = instance.run_coordinator, instance.run_launcher, instance.scheduler


@contextmanager
def _daemon(file: Path) -> Iterator[None]:
    """Schedules, sensors, queued runs and backfills, as long as the UI is there."""
    arguments = ["run", "--log-level=warning", f"--workspace={file}"]
    command = [sys.executable, "-P", "-m", "recs_platform.automation.daemon", *arguments]
    process = subprocess.Popen(command, stdin=subprocess.PIPE)  # noqa: S603  (our own words)
    try:
        yield
    finally:
        process.communicate()


def _main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--host", required=True)
    parser.add_argument("--socket", type=int, required=True, help="Open, listening, and this process's to close.")
    parser.add_argument("--allow-host", action="append", default=[])
    chosen = parser.parse_args()
    serve(chosen.host, socket.socket(fileno=chosen.socket), chosen.allow_host)


if __name__ == "__main__":
    _main()
