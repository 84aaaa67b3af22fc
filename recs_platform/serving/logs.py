"""The log: a line of JSON for every request, and for everything else that is worth one, on standard error.

Nothing personal: of a request it says the route's template and never an address or a body, and of an error where it
happened and never its text. Lines of requests are written together, several times a second.
"""

from __future__ import annotations

import asyncio
import logging
import os
import sys
import traceback
from collections.abc import Callable
from datetime import UTC, datetime

import orjson

from recs_platform.masking import mask_text
from recs_platform.serving.asked import Asked

_FLUSH_SECONDS = 0.1
_MOST_LINES = 1_000
_QUIET_ROUTES = frozenset({"/health", "/health/live", "/health/ready", "/metrics"})
"""They are asked every few seconds; only what goes wrong there is news."""

Write = Callable[[bytes], object]


def write_to_stderr(lines: bytes) -> None:
    while lines:
        lines = lines[os.write(sys.stderr.fileno(), lines) :]


class RequestLog:
    def __init__(self, write: Write = write_to_stderr) -> None:
        self._write, self._lines = write, list[bytes]()

    def answered(self, asked: Asked, status: int, seconds: float) -> None:
        if status < 400 and asked.route in _QUIET_ROUTES:
            return
        if not self._lines:
            asyncio.get_running_loop().call_later(_FLUSH_SECONDS, self.flush)
        self._lines.append(
            orjson.dumps(
                {
                    "time": datetime.now(UTC),
                    "level": "error" if status >= 500 else "info",
                    "request_id": asked.request_id,
                    "method": asked.method,
                    "route": asked.route,
                    "company": asked.company,
                    "status": status,
                    "ms": round(seconds * 1_000, 3),
                    "product": asked.product,
                    "version": asked.version,
                    "source": asked.source,
                },
                option=orjson.OPT_APPEND_NEWLINE | orjson.OPT_UTC_Z,
            )
        )
        if len(self._lines) >= _MOST_LINES:
            self.flush()

    def flush(self) -> None:
        lines, self._lines = self._lines, []
        if lines:
            self._write(b"".join(lines))


class JsonLines(logging.Formatter):
    """Everything else."""

    def format(self, record: logging.LogRecord) -> str:
        said: dict[str, object] = {
            "time": datetime.fromtimestamp(record.created, UTC),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": mask_text(record.getMessage()),
        }
        if record.exc_info and record.exc_info[1] is not None:
            said["error"] = where_it_happened(record.exc_info[1])
        if hasattr(record, "request_id"):
            said["request_id"] = record.request_id
        return orjson.dumps(said, option=orjson.OPT_UTC_Z).decode()


def where_it_happened(error: BaseException) -> list[str]:
    """The kind of an error and the lines that it came through, without its text, which may repeat a value."""
    frames = traceback.extract_tb(error.__traceback__)
    return [type(error).__name__, *(f"{frame.filename}:{frame.lineno} {frame.name}" for frame in frames)]


def log_json() -> None:
    """For the process of the service: nothing is written in another form."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(JsonLines())
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(logging.INFO)
    logging.captureWarnings(capture=True)
    for name in ("uvicorn", "uvicorn.error", "uvicorn.access", "asyncio", "httpx"):
        logging.getLogger(name).handlers.clear()
        logging.getLogger(name).setLevel(logging.WARNING)
