"""Routes that take JSON: what is not JSON is refused, also what Python takes for it (NaN, Infinity), and so is a body
that is said to be something else."""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from typing import Any

import orjson
from fastapi.routing import APIRoute
from starlette.requests import Request
from starlette.responses import Response

from recs_platform.serving.problems import MALFORMED_JSON, WRONG_TYPE, Problem
from recs_platform.serving.service import service_of


class _StrictRequest(Request):
    async def json(self) -> Any:
        try:
            return orjson.loads(await self.body())
        except orjson.JSONDecodeError as error:
            raise Problem(MALFORMED_JSON, f"{MALFORMED_JSON.remedy} It stops making sense at {error.pos}.") from None


class JsonRoute(APIRoute):
    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        handler = super().get_route_handler()

        async def strictly(request: Request) -> Response:
            service_of(request).access.caller(request)  # who may not ask is not told how
            kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
            if kind != "application/json":
                raise Problem(WRONG_TYPE)
            if request.headers.get("content-encoding", "identity").lower() != "identity":
                raise Problem(WRONG_TYPE, "Send it as it is, without Content-Encoding.")
            return await handler(_StrictRequest(request.scope, request.receive))

        return strictly
