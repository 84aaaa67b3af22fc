"""The wire between a client of BigQuery and its server: every request is counted, and at one of them something goes
wrong, as it does in networks and at Google. The client and the server are the real ones.

BigQuery refuses to begin a second job of a name, which the emulator does not; so the wire does. Not here: what is then
expected (the tests).
"""

from __future__ import annotations

import json
import os
import signal
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from requests import ConnectionError as Cut
from requests import PreparedRequest, Response
from requests.adapters import HTTPAdapter

from recs_platform.warehouse.bigquery.warehouse import BigQueryWarehouse

Send = Callable[[PreparedRequest], Response]
Fault = Callable[[PreparedRequest, Send], Response]


class ProgramError(Exception):
    """Stands for a defect or Ctrl-C in the middle of the client: nobody tries again."""


def broken_before(request: PreparedRequest, send: Send) -> Response:
    raise ProgramError("before the request")


def broken_after(request: PreparedRequest, send: Send) -> Response:
    send(request)
    raise ProgramError("after the request")


def cut_before(request: PreparedRequest, send: Send) -> Response:
    raise Cut("connection reset by peer")


def cut_after(request: PreparedRequest, send: Send) -> Response:
    """The request was heard, and its answer is lost."""
    send(request)
    raise Cut("connection reset by peer")


def killed(request: PreparedRequest, send: Send) -> Response:
    os.kill(os.getpid(), signal.SIGKILL)
    return send(request)


def answered(status: int, reason: str, message: str = "no") -> Fault:
    """By an error, and nothing is carried out."""
    return lambda request, send: _answer(request, status, reason, message)


def job_that_fails(message: str) -> Fault:
    """The job is begun, and ends with this error."""

    def fault(request: PreparedRequest, send: Send) -> Response:
        body = json.loads(request.body or "")
        body["configuration"]["query"]["query"] = f"SELECT ERROR('{message}')"
        request.prepare_body(json.dumps(body), None)
        return send(request)

    return fault


@dataclass
class Wire(HTTPAdapter):
    requests: list[str] = field(default_factory=list)
    """Each in words, since the last `clear`."""
    statements: list[str] = field(default_factory=list)
    """What was asked in them."""
    labels: list[tuple[str, dict[str, str]]] = field(default_factory=list)
    """Of each job that was begun: what kind of request began it, and its labels."""
    reads: int = 0
    """Bytes that every dry run says that its query would read. The emulator counts none."""
    fault: Fault | None = None
    at: int | None = None
    """The request at which it goes wrong, the first being 1; None: whenever `where` says so."""
    where: Callable[[PreparedRequest], bool] = lambda _: False
    times: int = 1
    """How often, at most."""
    _jobs: set[str] = field(default_factory=set)

    def __post_init__(self) -> None:
        super().__init__()

    def clear(self) -> None:
        self.requests.clear()
        self.statements.clear()
        self.labels.clear()
        self.fault, self.at, self.times = None, None, 1

    def send(self, request: PreparedRequest, *given: Any, **options: Any) -> Response:
        self.requests.append(
            f"{request.method} {(request.path_url or '').partition('?')[0].partition('/projects/')[2]}"
        )
        self.statements += _statements(request)
        self.labels += _labels(request)

        def deliver(asked: PreparedRequest) -> Response:
            name = _named_job(asked)
            if name in self._jobs:
                return _answer(asked, 409, "duplicate", f"Already Exists: Job {name}")
            answer = HTTPAdapter.send(self, asked, *given, **options)
            if name and answer.ok:
                self._jobs.add(name)
            if self.reads and _is_dry_run(_body(asked)):
                _tell_bytes(answer, self.reads)
            return answer

        if self.fault and self.times and (len(self.requests) == self.at or self.where(request)):
            self.times -= 1
            return self.fault(request, deliver)
        return deliver(request)


def wired(warehouse: BigQueryWarehouse) -> Wire:
    """The wire of this warehouse, from now on."""
    wire = Wire()
    warehouse.jobs.client._http.mount("http://", wire)
    return wire


def is_commit(request: PreparedRequest) -> bool:
    return _named_job(request).startswith("recs_commit_")


def _path(request: PreparedRequest) -> str:
    return (request.path_url or "").partition("?")[0]


def _body(request: PreparedRequest) -> dict[str, Any]:
    try:
        body = json.loads(request.body or "{}")
    except (ValueError, TypeError):  # an upload
        return {}
    return body if isinstance(body, dict) else {}


def _named_job(request: PreparedRequest) -> str:
    body = _body(request)
    path = _path(request)
    # An upload begins its job when all of it is there.
    begins = request.method == "POST" and path.endswith("/jobs") and "/upload/" not in path and not _is_dry_run(body)
    return str(body.get("jobReference", {}).get("jobId", "")) if begins else ""


def _is_dry_run(body: dict[str, Any]) -> bool:
    return bool(body.get("configuration", {}).get("dryRun"))


def _statements(request: PreparedRequest) -> list[str]:
    body = _body(request)
    asked = body.get("query") or body.get("configuration", {}).get("query", {}).get("query")
    return [asked] if isinstance(asked, str) else []


def _labels(request: PreparedRequest) -> list[tuple[str, dict[str, str]]]:
    """None of what begins no job."""
    body, path = _body(request), _path(request)
    if request.method != "POST" or _is_dry_run(body):
        return []
    if path.endswith("/queries"):
        return [("query", body.get("labels", {}))]
    if not path.endswith("/jobs"):
        return []
    configuration = body.get("configuration", {})
    kind = "load" if "load" in configuration else "commit" if is_commit(request) else "change"
    return [(kind, configuration.get("labels", {}))]


def _tell_bytes(answer: Response, reads: int) -> None:
    told = json.loads(answer.content)
    told.setdefault("statistics", {})["totalBytesProcessed"] = str(reads)
    told["statistics"].setdefault("query", {})["totalBytesProcessed"] = str(reads)
    answer._content = json.dumps(told).encode()


def _answer(request: PreparedRequest, status: int, reason: str, message: str) -> Response:
    answer = Response()
    answer.status_code, answer.request, answer.url = status, request, str(request.url)
    error = {"code": status, "message": message, "errors": [{"reason": reason, "message": message}]}
    answer._content = json.dumps({"error": error}).encode()
    answer.headers["Content-Type"] = "application/json"
    return answer
