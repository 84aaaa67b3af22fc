"""Everything that may be wrong with a request, and how it is told: problem documents (RFC 9457).

A route raises `Problem(KIND, detail)`. `docs/serving.md` lists the kinds for people. Not here: what goes wrong in the
framework (problem_handlers.py).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import orjson
from starlette.exceptions import HTTPException
from starlette.responses import Response

from recs_platform.masking import mask_text
from recs_platform.plurals import listed
from recs_platform.serving.given import MOST_PROBLEMS

MEDIA_TYPE = "application/problem+json"


@dataclass(frozen=True)
class Kind:
    name: str
    """Also the anchor of its row in the docs."""
    status: int
    title: str
    remedy: str
    """What whoever asked should do."""


BAD_REQUEST = Kind("bad-request", 400, "The request is not HTTP, or its address is not UTF-8.", "Correct the client.")
MALFORMED_JSON = Kind("malformed-json", 400, "The body is not JSON.", "Send JSON in UTF-8; NaN and Infinity are none.")
NO_KEY = Kind("no-key", 401, "A valid key is needed.", "Send `Authorization: Bearer KEY`; `recs keys new` makes one.")
FOREIGN_COMPANY = Kind("foreign-company", 403, "The key is another company's.", "Use a key of the company.")
FOREIGN_PAGE = Kind("foreign-page", 403, "Pages of other sites may not ask.", "Ask by a name of this machine.")
UNKNOWN_ROUTE = Kind("unknown-route", 404, "There is nothing at this address.", "See /openapi.json for what there is.")
UNKNOWN_COMPANY = Kind("unknown-company", 404, "No such company is served.", "See `recs companies list`.")
UNKNOWN_CUSTOMER = Kind("unknown-customer", 404, "The customer has no list.", "Show what you show to strangers.")
NO_MODEL = Kind("no-model", 404, "No model of it is active.", "See `recs models COMPANY`.")
NOT_PUBLISHED = Kind("not-published", 404, "Nothing of it is live.", "Publish a day: `recs publish COMPANY`.")
WRONG_METHOD = Kind("wrong-method", 405, "The address is not asked like this.", "Use a method that `Allow` names.")
OTHER_MODEL = Kind(
    "other-model", 409, "The day was scored by another version of the model.", "Send `rows`, or wait for the next day."
)
SLOW_CLIENT = Kind("slow-client", 408, "The request did not arrive in time.", "Send it at once, and again.")
TOO_LARGE = Kind("too-large", 413, "The body is too large.", "Send less than 1 MiB, in several requests.")
WRONG_TYPE = Kind("wrong-type", 415, "The body is said to be something else.", "Send Content-Type: application/json.")
INVALID = Kind("invalid", 422, "The request does not say what it should.", "Correct what `errors` names.")
LONG_HEADERS = Kind("long-headers", 431, "The address and headers are too long.", "Send less than 32 KiB of them.")
DEFECT = Kind("defect", 500, "The service made a mistake.", "Report `instance`; the log has it, too.")
BUSY = Kind("busy", 503, "The service has too much to do.", "Ask again after `Retry-After` seconds.")
UNAVAILABLE = Kind("unavailable", 503, "What answers is not there just now.", "Ask again after `Retry-After` seconds.")

KINDS = (
    BAD_REQUEST,
    MALFORMED_JSON,
    NO_KEY,
    FOREIGN_COMPANY,
    FOREIGN_PAGE,
    UNKNOWN_ROUTE,
    UNKNOWN_COMPANY,
    UNKNOWN_CUSTOMER,
    NO_MODEL,
    NOT_PUBLISHED,
    WRONG_METHOD,
    OTHER_MODEL,
    SLOW_CLIENT,
    TOO_LARGE,
    WRONG_TYPE,
    INVALID,
    LONG_HEADERS,
    DEFECT,
    BUSY,
    UNAVAILABLE,
)
ABOUT_A_COMPANY = (NO_KEY, FOREIGN_COMPANY, UNKNOWN_COMPANY, INVALID, UNAVAILABLE)
"""What may be wrong wherever somebody asks about a company."""
WITH_A_BODY = (MALFORMED_JSON, WRONG_TYPE)
OF_A_LIST = (NOT_PUBLISHED, UNKNOWN_CUSTOMER)
_RETRY_SECONDS = "1"


class Problem(HTTPException):
    """What is wrong, in a sentence that says what to fix. It never repeats a customer's id or a body."""

    def __init__(
        self,
        kind: Kind,
        detail: str | None = None,
        errors: Sequence[Mapping[str, str]] = (),
        headers: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(kind.status, detail or kind.remedy, dict(headers or {}))
        self.kind, self.errors = kind, tuple(errors)


def invalid(problems: Sequence[tuple[str, str]]) -> Problem:
    """Fields, each with what is wrong with it."""
    return Problem(INVALID, errors=[{"field": field, "problem": said} for field, said in problems[:MOST_PROBLEMS]])


def problem_response(problem: Problem, request_id: str) -> Response:
    headers = dict(problem.headers or {})
    if problem.status_code == 401:
        # Browsers ask for name and password: the company and its key.
        headers["WWW-Authenticate"] = 'Basic realm="recs", charset="UTF-8", Bearer realm="recs"'
    if problem.status_code == 503:
        headers.setdefault("Retry-After", _RETRY_SECONDS)
    return Response(document(problem, request_id), problem.status_code, headers, MEDIA_TYPE)


def document(problem: Problem, request_id: str) -> bytes:
    said: dict[str, Any] = {
        "type": f"docs/serving.md#{problem.kind.name}",
        "title": problem.kind.title,
        "status": problem.status_code,
        "detail": problem.detail,
        "instance": request_id,
    }
    if problem.errors:
        # The name of an unknown field is somebody's text, too.
        said["errors"] = [{what: mask_text(text) for what, text in error.items()} for error in problem.errors]
    return orjson.dumps(said)


def declared(*kinds: Kind) -> dict[int | str, dict[str, Any]]:
    """What a route may answer besides its answer, for the OpenAPI description."""
    of_status: dict[int, list[Kind]] = {}
    for kind in sorted({*kinds, *_ANYWHERE}, key=lambda kind: (kind.status, kind.name)):
        of_status.setdefault(kind.status, []).append(kind)
    return {
        status: {
            "description": " Or: ".join(kind.title for kind in those),
            "content": {
                MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}, "example": _example(those[0])}
            },
        }
        for status, those in of_status.items()
    }


_ANYWHERE = (BAD_REQUEST, FOREIGN_PAGE, WRONG_METHOD, SLOW_CLIENT, TOO_LARGE, LONG_HEADERS, DEFECT, BUSY)

PROBLEM_SCHEMA: dict[str, Any] = {
    "type": "object",
    "title": "Problem",
    "description": f"RFC 9457. Kinds: {listed([kind.name for kind in KINDS])}.",
    "required": ["type", "title", "status", "detail", "instance"],
    "additionalProperties": False,
    "properties": {
        "type": {"type": "string", "enum": [f"docs/serving.md#{kind.name}" for kind in KINDS]},
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "detail": {"type": "string", "description": "What to fix."},
        "instance": {"type": "string", "description": "The request's id, as the log has it."},
        "errors": {
            "type": "array",
            "items": {
                "type": "object",
                "required": ["field", "problem"],
                "additionalProperties": False,
                "properties": {"field": {"type": "string"}, "problem": {"type": "string"}},
            },
        },
    },
}


def _example(kind: Kind) -> dict[str, Any]:
    return {
        "type": f"docs/serving.md#{kind.name}",
        "title": kind.title,
        "status": kind.status,
        "detail": kind.remedy,
        "instance": "6d3f0a1e5b7c4f2e9a8d7c6b5a493827",
    }
