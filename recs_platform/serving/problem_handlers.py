"""What goes wrong in the framework and in what the service stands on, as problem documents like all others.

Not here: what goes wrong before a request reaches the framework (front.py, connection.py).
"""

from __future__ import annotations

from typing import Any

from fastapi import FastAPI
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from recs_platform.errors import StorageError, TransientError
from recs_platform.serving.asked import asked_of
from recs_platform.serving.problems import (
    BAD_REQUEST,
    INVALID,
    KINDS,
    MALFORMED_JSON,
    UNAVAILABLE,
    UNKNOWN_ROUTE,
    WRONG_METHOD,
    Kind,
    Problem,
    problem_response,
)

_OF_STATUS: dict[int, Kind] = {
    **{kind.status: kind for kind in KINDS},
    400: MALFORMED_JSON,
    404: UNKNOWN_ROUTE,
    405: WRONG_METHOD,
}
_MOST_ERRORS, _LONGEST_NAME = 20, 60


def add_handlers(app: FastAPI) -> None:
    app.add_exception_handler(HTTPException, _of_http)
    app.add_exception_handler(RequestValidationError, _of_validation)
    for kind in (TransientError, StorageError):
        app.add_exception_handler(kind, _of_outage)


async def _of_http(request: Request, error: Exception) -> Response:
    if not isinstance(error, Problem):
        assert isinstance(error, HTTPException)  # noqa: S101  (it is registered for these)
        kind = _OF_STATUS.get(error.status_code, BAD_REQUEST)
        error = Problem(kind, headers=error.headers)
    return problem_response(error, asked_of(request).request_id)


async def _of_validation(request: Request, error: Exception) -> Response:
    assert isinstance(error, RequestValidationError)  # noqa: S101  (it is registered for these)
    found = error.errors()
    if any(one["type"] == "json_invalid" for one in found):
        problem = Problem(MALFORMED_JSON)
    else:
        shown = [{"field": _field(one["loc"]), "problem": str(one["msg"])} for one in found[:_MOST_ERRORS]]
        problem = Problem(INVALID, errors=shown)
    return problem_response(problem, asked_of(request).request_id)


async def _of_outage(request: Request, _: Exception) -> Response:
    """What the store said is for the log: it may name hosts and folders."""
    return problem_response(Problem(UNAVAILABLE), asked_of(request).request_id)


def _field(location: Any) -> str:
    """Where a value stands, without the values of others: `body.pairs.3.offer_id`."""
    return ".".join(str(part)[:_LONGEST_NAME] for part in location)
