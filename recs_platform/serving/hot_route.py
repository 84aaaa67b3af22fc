"""Routes that are asked all the time. Their signatures describe them, and their arguments are read by hand: the
framework takes as long to read them as the whole answer takes.

A query names what the route knows, each thing once; anything else is refused, since a misspelt `limit` would be no
limit. Not here: routes that take a body (json_route.py).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Coroutine
from typing import Any
from urllib.parse import parse_qsl

from fastapi.routing import APIRoute
from starlette.convertors import PathConvertor, register_url_convertor
from starlette.requests import Request
from starlette.responses import Response

from recs_platform.serving.problems import INVALID, Problem
from recs_platform.serving.service import service_of

MOST_ITEMS = 1_000


class _Id(PathConvertor):
    """`{customer_id:id}`: the rest of an address, whatever characters it holds. `:path` ends at a line's end."""

    regex = "(?s:.*)"


register_url_convertor("id", _Id())


def _limit(text: str) -> int:
    if not re.fullmatch(r"\d{1,4}", text, re.ASCII) or not 1 <= int(text) <= MOST_ITEMS:
        raise ValueError(f"It is a number from 1 to {MOST_ITEMS}.")
    return int(text)


_READ: dict[str, Callable[[str], Any]] = {"limit": _limit, "company": str}


class HotRoute(APIRoute):
    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        answer = self.endpoint
        known = frozenset(param.alias for param in self.dependant.query_params)
        told = ", ".join(sorted(known)) or "nothing"

        def query_of(text: bytes) -> dict[str, Any]:
            read: dict[str, Any] = {}
            problems = []
            for name, value in parse_qsl(text.decode("ascii", "replace"), keep_blank_values=True):
                if name not in known or name in read:
                    # What somebody wrote is not repeated: it may be anything.
                    problem = "It is said twice." if name in known else f"Known: {told}."
                    problems.append({"field": f"query.{name}" if name in known else "query", "problem": problem})
                    continue
                try:
                    read[name] = _READ[name](value)
                except ValueError as error:
                    problems.append({"field": f"query.{name}", "problem": str(error)})
            if problems:
                raise Problem(INVALID, errors=problems[:5])
            return read

        async def handle(request: Request) -> Response:
            query = request.scope["query_string"]
            try:
                named = query_of(query) if query else {}
            except Problem:
                # Who may not ask is not told how.
                service_of(request).access.caller(request)
                raise
            response: Response = await answer(request, **request.path_params, **named)
            return response

        return handle
