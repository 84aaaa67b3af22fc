"""`recs ui`: the Dagster UI on this machine's instance."""

from __future__ import annotations

import os
import socket
import sys
from typing import Annotated

import typer

from recs_platform.cli.output import say
from recs_platform.errors import ConfigError

_SERVER = "recs_platform.automation.webserver"


def register(app: typer.Typer) -> None:
    app.command("ui")(ui)


def ui(
    port: Annotated[int, typer.Option(min=1, max=65535, metavar="PORT", help="Port on this machine.")] = 3000,
    host: Annotated[str, typer.Option(metavar="ADDRESS", help="Address to listen on.")] = "127.0.0.1",
    allow_host: Annotated[
        list[str] | None, typer.Option(metavar="NAME", help="Another name for browsers to use; may be repeated.")
    ] = None,
) -> None:
    """Serve the Dagster UI and its daemon until Ctrl-C.

    The UI shows lineage, runs, schedules and backfills."""
    from recs_platform.automation.instance import prepared_home
    from recs_platform.strategies.catalogue import pipelines

    pipelines()  # a wrong query is said here, in one line, not in the UI's log
    home = prepared_home()
    listening = _listening(host, port)
    say(f"Dagster UI on http://{host}:{port} (instance in {home}). Ctrl-C ends it.")
    allowed = [f"--allow-host={name}" for name in allow_host or ()]
    # Held from here on: who comes second is told so, before a second daemon runs.
    os.set_inheritable(listening.fileno(), True)
    command = [sys.executable, "-P", "-m", _SERVER, f"--host={host}", f"--socket={listening.fileno()}", *allowed]
    os.execv(sys.executable, command)  # noqa: S606  (our own interpreter, arguments validated above)


def _listening(host: str, port: int) -> socket.socket:
    try:
        return socket.create_server((host, port), family=socket.AF_INET6 if ":" in host else socket.AF_INET)
    except (OSError, UnicodeError) as error:
        reason = (getattr(error, "strerror", None) or "not a name").partition(" (")[0]
        raise ConfigError(f"--host {host} --port {port}: {reason}. Choose others, or end what listens there.") from None
