"""A server between a client and the emulator, which does what BigQuery does and the emulator does not: it says how much
a query would read, refuses by quota and right, and fails.

Not here: the emulator (emulator.py).
"""

from __future__ import annotations

import json
import threading
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


@dataclass
class Troubles:
    """What the server does with the next jobs; what it was asked is kept."""

    url: str = ""
    size: int | None = None
    """Bytes that a plan tells."""
    refusal: tuple[int, str, str] | None = None
    """Status, reason and message of every answer."""
    asked: list[dict[str, object]] = field(default_factory=list)

    @property
    def queries(self) -> list[str]:
        """Those that were run, in order."""
        return [str(job["query"]["query"]) for job in self.asked if not job.get("dryRun")]  # type: ignore[index]


@contextmanager
def troubled(emulator: str) -> Iterator[Troubles]:
    troubles = Troubles()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            self._pass_on(None)

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            sent = json.loads(body)
            # A query is begun as a job, or asked for its answer at once; both say the same.
            job = {"query": sent} if self.path.partition("?")[0].endswith("/queries") else sent.get("configuration")
            if job and "query" in job:
                troubles.asked.append(job)
            self._pass_on(body)

        def _pass_on(self, body: bytes | None) -> None:
            if troubles.refusal:
                status, reason, message = troubles.refusal
                error = {"code": status, "message": message, "errors": [{"reason": reason, "message": message}]}
                self._answer(status, json.dumps({"error": error}).encode())
                return
            request = urllib.request.Request(
                f"{emulator}{self.path}", body, {"Content-Type": "application/json"}, method=self.command
            )
            try:
                with urllib.request.urlopen(request, timeout=60) as reply:
                    status, answer = reply.status, reply.read()
            except urllib.error.HTTPError as error:
                status, answer = error.code, error.read()
            if troubles.size is not None and body and b'"dryRun": true' in body:
                answer = answer.replace(
                    b'"totalBytesProcessed":"0"', f'"totalBytesProcessed":"{troubles.size}"'.encode()
                )
            self._answer(status, answer)

        def _answer(self, status: int, body: bytes) -> None:
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: object) -> None:
            """Nothing: the tests look at what was asked."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    troubles.url = f"http://127.0.0.1:{server.server_port}"
    try:
        yield troubles
    finally:
        server.shutdown()
        server.server_close()
