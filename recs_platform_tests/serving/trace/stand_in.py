"""What stands in for the prediction service where a test says what it answers: by HTTP, on a free port."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

KEY = "recs_0123456789abcdef_" + "s" * 43
Answer = tuple[int, Any]


@dataclass
class StandIn:
    """By default it serves nothing, and asks for no key."""

    url: str = ""
    models: list[dict[str, Any]] = field(default_factory=list)
    publications: list[dict[str, Any]] = field(default_factory=list)
    key: str | None = None
    score: Callable[[list[dict[str, Any]]], tuple[str, list[float]]] | None = None
    customers: dict[str, tuple[int, list[dict[str, Any]]]] = field(default_factory=dict)
    health: Answer = (200, {"live": True, "ready": True})
    asked: list[str] = field(default_factory=list)
    answers_with: Answer | None = None
    """Whatever it is asked."""

    def serves(self, company: str, model: str, version: int | None, digest: str | None, refused: Any = None) -> None:
        served = (
            None if version is None else {"version": version, "digest": digest, "loaded_at": "2025-12-03T12:00:00Z"}
        )
        self.models = [{"company": company, "model": model, "served": served, "refused": refused}]

    def answer(self, path: str, body: Any, key: str | None) -> Answer:
        self.asked.append(path)
        if self.answers_with is not None:
            return self.answers_with
        if path == "/health":
            return self.health
        if self.key is not None and key != f"Bearer {self.key}":
            return 401, {"title": "A valid key is needed.", "status": 401, "detail": "Send a key."}
        if path == "/models":
            return 200, {"models": self.models, "publications": self.publications}
        if path == "/score" and self.score is not None:
            digest, raw = self.score(body["rows"])
            return 200, {"digest": digest, "scores": [{"raw": one, "probability": 0.5} for one in raw]}
        customer = path.rpartition("/")[2]
        if path.startswith("/recommendations/") and customer in self.customers:
            version, items = self.customers[customer]
            return 200, {"version": version, "items": items, "served_from": "database"}
        return 404, {"title": "There is nothing at this address.", "status": 404}


@contextmanager
def stand_in() -> Iterator[StandIn]:
    service = StandIn()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self._answer(None)

        def do_POST(self) -> None:
            self._answer(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))

        def _answer(self, body: Any) -> None:
            status, said = service.answer(self.path, body, self.headers.get("Authorization"))
            content = said if isinstance(said, bytes) else json.dumps(said).encode()
            self.send_response(status)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, *_: Any) -> None: ...

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    service.url = f"http://127.0.0.1:{server.server_address[1]}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
    thread.start()
    try:
        yield service
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
