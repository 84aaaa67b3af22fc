"""`recs metrics`: what Prometheus reads of the jobs."""

from __future__ import annotations

from contextlib import suppress
from typing import Annotated

import typer

from recs_platform.cli.output import say


def register(app: typer.Typer) -> None:
    app.command("metrics")(metrics)


def metrics(
    port: Annotated[int, typer.Option(min=0, max=65535, metavar="PORT", help="Port; 0: any that is free.")] = 9464,
    host: Annotated[str, typer.Option(metavar="ADDRESS", help="Address to listen on.")] = "127.0.0.1",
    once: Annotated[bool, typer.Option("--once", help="Print the metrics and end.")] = False,
) -> None:
    """Serve metrics of the jobs to Prometheus until Ctrl-C."""
    from recs_platform.automation.metrics.endpoint import Endpoint, metrics_text
    from recs_platform.settings import settings

    # What is missing is said now; afterwards a source that cannot be read is left out.
    settings()
    if once:
        typer.echo(metrics_text(), nl=False)
        return
    endpoint = Endpoint(host, port)
    with suppress(KeyboardInterrupt):
        shown = f"[{host}]" if ":" in host else host
        say(f"Metrics on http://{shown}:{endpoint.port}/metrics. Ctrl-C ends it.")
        endpoint.wait()
    endpoint.close()
