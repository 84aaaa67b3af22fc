"""`recs serve`: the prediction service."""

from __future__ import annotations

from ipaddress import ip_address
from typing import Annotated

import typer

from recs_platform.cli.output import say


def register(app: typer.Typer) -> None:
    app.command("serve")(serve)


def serve(
    port: Annotated[int, typer.Option(min=0, max=65535, metavar="PORT", help="Port; 0: any that is free.")] = 8000,
    host: Annotated[str, typer.Option(metavar="ADDRESS", help="Address to listen on.")] = "127.0.0.1",
    allow_host: Annotated[
        list[str] | None,
        typer.Option(metavar="NAME", help="Another name of this machine for browsers to use; may be repeated."),
    ] = None,
    drain: Annotated[
        float, typer.Option(min=0, max=600, metavar="SECONDS", help="How long it answers on after SIGTERM.")
    ] = 5.0,
) -> None:
    """Serve recommendations and predictions by HTTP until SIGTERM or Ctrl-C.

    Without any key it is open to this machine, and to nobody else."""
    from recs_platform.errors import ConfigError
    from recs_platform.platform_db.engine import opened_database
    from recs_platform.process import collect_garbage_rarely, freeze_loaded_objects
    from recs_platform.serving.limits import Limits
    from recs_platform.serving.logs import log_json
    from recs_platform.serving.server import listening, run
    from recs_platform.serving.start import open_service
    from recs_platform.settings import require_home

    require_home()
    names = frozenset(name.lower() for name in allow_host or ())
    at = listening(host, port)
    address, bound = at.getsockname()[:2]
    here = ip_address(address).is_loopback
    service = open_service(opened_database(), on_loopback=here, hosts=names, limits=Limits(drain_seconds=drain))
    open_to_all = not service.access.keys.ring.any_was_made
    if open_to_all and not here:
        at.close()
        raise ConfigError(
            f"--host {host}: no key was made yet, and without one only this machine may ask. Make one: "
            "recs keys new COMPANY"
        )
    url = f"http://[{address}]:{bound}" if ":" in address else f"http://{address}:{bound}"
    said = " No key was made: it is open to this machine alone." if open_to_all else ""
    log_json()
    freeze_loaded_objects()
    collect_garbage_rarely(server=True)
    run(service, at, lambda: say(f"Prediction service on {url}.{said} Ctrl-C ends it."))
