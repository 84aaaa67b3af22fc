"""For Prometheus: `GET /metrics`. There is nothing of customers in it. Whoever is on this machine, while there are no
keys, reads of all companies; a key shows its own, and what is of no company."""

from __future__ import annotations

from fastapi import APIRouter
from prometheus_client import CONTENT_TYPE_LATEST
from starlette.requests import Request
from starlette.responses import Response

from recs_platform.serving.problems import NO_KEY, declared
from recs_platform.serving.service import service_of

router = APIRouter(tags=["health"])


@router.get("/metrics", summary="Metrics for Prometheus", response_class=Response, responses=declared(NO_KEY))
async def metrics(request: Request) -> Response:
    service = service_of(request)
    caller = service.access.caller(request)
    return Response(service.metrics.text(caller.company), media_type=CONTENT_TYPE_LATEST)
