"""Whether the service lives, and whether it can answer for everybody: `GET /health`, for probes and load balancers.

Which company waits for what is told to who may see the company; /models says more.
"""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter
from pydantic import BaseModel
from starlette.requests import Request
from starlette.responses import Response

from recs_platform.serving.access import Caller
from recs_platform.serving.answers import Health, Live, Readiness, json_response
from recs_platform.serving.problems import BUSY, Problem, declared
from recs_platform.serving.service import Service, service_of

router = APIRouter(tags=["health"])


def not_ready(model: type[BaseModel]) -> dict[str, Any]:
    """503 is the same body, or the problem of who comes when too much is going on."""
    return {
        "model": model,
        **{key: value for key, value in declared(BUSY)[503].items() if key == "content"},
        "description": "It cannot, or has too much to do.",
    }


@router.get("/health/live", summary="Whether it lives", response_model=Live, responses=declared())
async def live() -> Response:
    return json_response({"live": True})


@router.get(
    "/health/ready",
    summary="Whether it can answer for every company",
    response_model=Readiness,
    responses={**declared(), 503: not_ready(Readiness)},
)
async def ready(request: Request) -> Response:
    """200 when every live publication and every active model has answered once; 503 until then, and while it ends."""
    told = readiness(service_of(request), _caller(request))
    return json_response(told, 200 if told["ready"] else 503)


@router.get("/health", summary="Both", response_model=Health, responses={**declared(), 503: not_ready(Health)})
async def health(request: Request) -> Response:
    told = readiness(service_of(request), _caller(request))
    return json_response({"live": True, **told}, 200 if told["ready"] else 503)


def readiness(service: Service, caller: Caller | None) -> dict[str, Any]:
    missing = [*service.publications.not_ready(), *service.models.not_ready()]
    told: dict[str, Any] = {"ready": not missing and not service.ending}
    if service.ending:
        told["ending"] = True
    shown = [{"company": name, "why": why} for name, why in missing if caller and caller.sees(name)]
    if missing:
        told["waiting"] = len(missing)
    if shown:
        told["waiting_for"] = shown
    return told


def _caller(request: Request) -> Caller | None:
    """Whoever asks: probes have no key."""
    try:
        return service_of(request).access.caller(request)
    except Problem:
        return None
