"""What is known of a request while it is answered: for the answer, the log and the metrics.

It holds nothing of the customer whom it is about. Not here: the log (logs.py) and the metrics (metrics.py).
"""

from __future__ import annotations

import os
from dataclasses import dataclass

from starlette.requests import Request
from starlette.types import Scope

PURPOSE, CHECK = "Recs-Purpose", "check"
"""A request's header, and its value by which nothing counts as recommended to anybody."""
_KEY = "recs.asked"


@dataclass(slots=True)
class Asked:
    request_id: str
    method: str
    route: str = ""
    """The route's template; empty of a path that no route has."""
    company: str | None = None
    product: str | None = None
    version: int | None = None
    """The publication's, or the model's."""
    source: str | None = None
    """Which store the answer came from."""


def new_request_id() -> str:
    """Nobody guesses it, and no two requests have the same."""
    return os.urandom(16).hex()


def note(scope: Scope, asked: Asked) -> None:
    scope[_KEY] = asked


def asked_of(request: Request) -> Asked:
    asked: Asked = request.scope[_KEY]
    return asked
