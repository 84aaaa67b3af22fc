"""What is served: `GET /models`. Of each company that the caller sees, its model and its publications."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from recs_platform.serving.answers import json_response
from recs_platform.serving.models.loaded import Held, Loaded, Refused
from recs_platform.serving.problems import NO_KEY, declared
from recs_platform.serving.publications import Seen
from recs_platform.serving.service import Service, service_of

router = APIRouter(tags=["models"])


@router.get("/models", summary="Which models and publications are answered from", responses=declared(NO_KEY))
async def models(request: Request) -> Response:
    service = service_of(request)
    caller = service.access.caller(request)
    told = {
        "models": [
            {"company": company, "model": model, **_held(held), "registry_age_seconds": _age(service, (company, model))}
            for (company, model), held in sorted(service.models.held.items())
            if caller.sees(company)
        ],
        "publications": [
            {"company": company, "product": product, **_published(seen)}
            for (company, product), seen in sorted(service.publications.seen.items())
            if caller.sees(company)
        ],
    }
    return json_response(told)


def _age(service: Service, key: tuple[str, str]) -> float | None:
    age = service.models.registry_age(key)
    return None if age is None else round(age, 1)


def _held(held: Held) -> dict[str, Any]:
    return {
        "active": held.active and {"version": held.active[0], "digest": held.active[1]},
        "served": held.loaded and _loaded(held.loaded),
        "refused": held.refused and _refused(held.refused),
    }


def _loaded(loaded: Loaded) -> dict[str, Any]:
    return {
        "version": loaded.version,
        "digest": loaded.digest,
        "loaded_at": loaded.loaded_at,
        "golden": "none" if loaded.model.golden is None else "ok",
        "golden_words": loaded.golden,
    }


def _refused(refused: Refused) -> dict[str, Any]:
    return {
        "version": refused.version,
        "digest": refused.digest,
        "why": refused.why,
        "at": refused.at,
        "tries": refused.tries,
        "will_try_again": refused.next_try is not None,
    }


def _published(seen: Seen) -> dict[str, Any]:
    served = seen.served
    return {
        "version": served and served.version,
        "as_of": served and served.as_of,
        "generated_at": served and served.generated_at,
        "digest": served and served.digest,
        "problem": seen.problem,
    }
