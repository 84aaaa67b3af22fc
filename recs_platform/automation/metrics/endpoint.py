"""Metrics over HTTP, and as text. Whoever reaches the endpoint reads the names of companies and how they do, so it
listens on this machine alone unless somebody says otherwise.

The server is prometheus_client's own. Not here: what is told (collector.py).
"""

from __future__ import annotations

from prometheus_client import CollectorRegistry, generate_latest, start_http_server

from recs_platform.automation.metrics.collector import platform_registry
from recs_platform.errors import ConfigError

_ONCE_SECONDS = 60.0
"""A person, or a script, waits for everything."""


def metrics_text() -> str:
    return generate_latest(platform_registry(patience=_ONCE_SECONDS)).decode()


class Endpoint:
    """Listens from when it is made until it is closed."""

    def __init__(self, host: str, port: int, registry: CollectorRegistry | None = None) -> None:
        try:
            self._server, self._thread = start_http_server(port, host, registry or platform_registry())
        except (OSError, UnicodeError) as error:
            reason = (getattr(error, "strerror", None) or "not a name").partition(" (")[0]
            raise ConfigError(
                f"--host {host} --port {port}: {reason}. Choose others, or end what listens there."
            ) from None

    @property
    def port(self) -> int:
        return int(self._server.server_port)

    def wait(self) -> None:
        """Until it is closed, or somebody presses Ctrl-C."""
        self._thread.join()

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()
