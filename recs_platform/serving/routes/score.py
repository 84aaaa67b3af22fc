"""What the company's model says of customers and items: `POST /score`.

An answer is wholly of the version that it names: the model is taken once, and a swap meanwhile changes nothing. A few
rows are scored at once; many in a thread, beside other requests. Not here: reading the body (score_request.py), scoring
(models/scoring.py), and what the platform knows of pairs (models/lookup.py).
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np
import orjson
from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from recs_platform.declarations.product import RECOMMENDATIONS
from recs_platform.declarations.strategy import TrainedModel
from recs_platform.models.features import Floats
from recs_platform.serving.asked import asked_of
from recs_platform.serving.companies import ServedCompany
from recs_platform.serving.json_route import JsonRoute
from recs_platform.serving.models.loaded import Loaded
from recs_platform.serving.models.lookup import Found, LookupBusyError
from recs_platform.serving.models.scoring import (
    RowsError,
    Scores,
    columns_of,
    contribution_names,
    score,
    score_table,
)
from recs_platform.serving.problems import (
    ABOUT_A_COMPANY,
    BUSY,
    NO_MODEL,
    NOT_PUBLISHED,
    OTHER_MODEL,
    UNAVAILABLE,
    WITH_A_BODY,
    Problem,
    declared,
    invalid,
)
from recs_platform.serving.routes.score_schema import BODY, answered
from recs_platform.serving.score_request import ScoreRequest, pairs_of, score_request
from recs_platform.serving.service import Service, service_of

router = APIRouter(tags=["models"], route_class=JsonRoute)

AT_ONCE = 25
"""Rows that are scored on the event loop, in half a millisecond: a thread costs a third of that by itself."""
_UNKNOWN = "The published day does not know the pair as one that may be recommended."
_beside = ThreadPoolExecutor(2, "scores")


@router.post(
    "/score",
    summary="What the model says of customers and items",
    openapi_extra={"requestBody": BODY},
    responses={
        200: answered(),
        **declared(*ABOUT_A_COMPANY, *WITH_A_BODY, NO_MODEL, NOT_PUBLISHED, OTHER_MODEL),
    },
)
async def score_pairs(request: Request) -> Response:
    service = service_of(request)
    service.access.caller(request)
    asked = score_request(await request.json())
    company = service.access.company(request, asked.company)
    trained, loaded = _model(service, company, asked)
    noted = asked_of(request)
    noted.product, noted.version = trained.task.model, loaded.version
    head = {
        "company": company.name,
        "model": trained.task.model,
        "version": loaded.version,
        "digest": loaded.digest,
        "request_id": noted.request_id,
    }
    if asked.rows is not None:
        content = await _apart(len(asked.rows), _of_rows, loaded, asked, head)
    else:
        content = await _of_pairs(service, company, trained, loaded, asked, head)
    return Response(content, media_type="application/json")


def _model(service: Service, company: ServedCompany, asked: ScoreRequest) -> tuple[TrainedModel, Loaded]:
    """Taken once for the whole answer."""
    trained = company.company.strategy.model
    if trained is None:
        raise Problem(NO_MODEL, "The company's strategy has no model.")
    if asked.model not in (None, trained.task.model):
        raise invalid([("body.model", f"The company's model is {trained.task.model}.")])
    held = service.models.held.get((company.name, trained.task.model))
    if held is None or (held.loaded is None and (held.seen is None or held.active is not None)):
        raise Problem(UNAVAILABLE, "The active model is not loaded; GET /models says why.")
    if held.loaded is None:
        raise Problem(NO_MODEL)
    return trained, held.loaded


async def _apart(count: int, work: Any, *arguments: Any) -> bytes:
    if count <= AT_ONCE:
        return bytes(work(*arguments))
    return bytes(await asyncio.get_running_loop().run_in_executor(_beside, work, *arguments))


def _of_rows(loaded: Loaded, asked: ScoreRequest, head: dict[str, Any]) -> bytes:
    try:
        columns = columns_of(asked.rows or (), loaded.encoding.features)
    except RowsError as error:
        raise invalid([(f"body.{field}", said) for field, said in error.problems]) from None
    return _answer(head, loaded, score(loaded, columns, explain=asked.explain), None)


async def _of_pairs(
    service: Service,
    company: ServedCompany,
    trained: TrainedModel,
    loaded: Loaded,
    asked: ScoreRequest,
    head: dict[str, Any],
) -> bytes:
    pairs = pairs_of(asked, trained.task.columns.subjects, service.limits.id_characters)
    seen = service.publications.seen.get((company.name, RECOMMENDATIONS))
    if seen is None or seen.served is None:
        raise Problem(NOT_PUBLISHED, "Nothing is live, so no pair is known. Send `rows` of features.")
    try:
        publication = seen.served.as_of, seen.served.version
        found = await service.lookup.find(company, trained, publication, pairs)
    except LookupBusyError:
        raise Problem(BUSY) from None
    head |= {"as_of": seen.served.as_of}
    return await _apart(len(pairs), _of_found, loaded, found, asked.explain, head)


def _of_found(loaded: Loaded, found: Found, explain: bool, head: dict[str, Any]) -> bytes:
    if found.rows is None:
        return _answer(head, loaded, Scores(np.empty(0), np.empty(0) if loaded.has_chances else None), found)
    if "digest" not in found.rows.column_names:
        return _answer(head, loaded, score_table(loaded, found.rows, explain=explain), found)
    if explain:
        raise invalid([("body.explain", "Features of pairs are not kept; send `rows` of features.")])
    if set(found.rows["digest"].to_pylist()) != {loaded.digest}:
        raise Problem(OTHER_MODEL)
    raw = found.rows["raw"].to_numpy()
    return _answer(head, loaded, Scores(raw, loaded.model.chances(raw) if loaded.has_chances else None), found)


def _answer(head: dict[str, Any], loaded: Loaded, scores: Scores, found: Found | None) -> bytes:
    chances: Sequence[float | None] = [None] * len(scores.raw) if scores.chances is None else scores.chances.tolist()
    said: list[dict[str, Any]] = [
        {"probability": chance, "raw": raw} for chance, raw in zip(chances, scores.raw.tolist(), strict=True)
    ]
    if scores.contributions is not None:
        for one, adds in zip(said, _named(loaded, scores.contributions), strict=True):
            one["contributions"] = adds
    if found is not None and not found.known.all():
        known = iter(said)
        unknown = {"probability": None, "raw": None, "problem": _UNKNOWN}
        said = [next(known) if is_known else unknown for is_known in found.known]
    return orjson.dumps({**head, "scores": said})


def _named(loaded: Loaded, contributions: Floats) -> list[dict[str, float]]:
    names = contribution_names(loaded)
    return [dict(zip(names, adds, strict=True)) for adds in contributions.tolist()]
