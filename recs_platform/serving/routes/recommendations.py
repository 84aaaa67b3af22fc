"""What a customer is recommended, as it was published: `GET /recommendations/{company}/{customer_id}`.

The list is sent as the store has it, byte for byte; what is the same for all of its rows stands before it.
"""

from __future__ import annotations

from typing import Annotated, Any

import orjson
from fastapi import APIRouter, Path, Query
from pydantic import Field
from pydantic.json_schema import SkipJsonSchema
from starlette.requests import Request
from starlette.responses import Response

from recs_platform.declarations.product import RECOMMENDATIONS
from recs_platform.serving.answers import RecommendationList
from recs_platform.serving.asked import asked_of
from recs_platform.serving.companies import ServedCompany
from recs_platform.serving.hot_route import MOST_ITEMS, HotRoute
from recs_platform.serving.problems import (
    FOREIGN_COMPANY,
    INVALID,
    NO_KEY,
    NOT_PUBLISHED,
    UNAVAILABLE,
    UNKNOWN_COMPANY,
    UNKNOWN_CUSTOMER,
    Problem,
    declared,
)
from recs_platform.serving.protocols import Recommended
from recs_platform.serving.service import service_of
from recs_platform.serving.trace.service import CHECK, PURPOSE
from recs_platform.serving_store.protocol import Answer

router = APIRouter(tags=["recommendations"], route_class=HotRoute)

Company = Annotated[str, Path(description="A company that is served.", examples=["acme"])]
Customer = Annotated[
    str,
    Path(description="The customer's id, as the company's tables have it; slashes may stand in it.", examples=["c1"]),
]
Limit = Annotated[
    Annotated[int, Field(ge=1, le=MOST_ITEMS)] | SkipJsonSchema[None],
    Query(description="At most so many items. Default: the whole list."),
]


@router.get(
    "/recommendations/{company}/{customer_id:id}",
    summary="What a customer is recommended",
    response_model=RecommendationList,
    responses=declared(NO_KEY, FOREIGN_COMPANY, UNKNOWN_COMPANY, UNKNOWN_CUSTOMER, NOT_PUBLISHED, INVALID, UNAVAILABLE),
)
async def recommendations(request: Request, company: Company, customer_id: Customer, limit: Limit = None) -> Response:
    served = service_of(request).access.company(request, company)
    return await list_of(request, served, customer_id, limit)


async def list_of(request: Request, company: ServedCompany, customer_id: str, limit: int | None) -> Response:
    service, asked = service_of(request), asked_of(request)
    if not company.recommends:
        raise Problem(NOT_PUBLISHED, "The company publishes no recommendations.")
    if len(customer_id) > service.limits.id_characters or "\0" in customer_id:
        raise Problem(UNKNOWN_CUSTOMER)
    answer = await service.reader.customer(company.name, RECOMMENDATIONS, customer_id)
    if answer is None:
        if await service.reader.served(company.name, RECOMMENDATIONS) is None:
            raise Problem(NOT_PUBLISHED)
        raise Problem(UNKNOWN_CUSTOMER)
    items = answer.content if limit is None else orjson.dumps(orjson.loads(answer.content)[:limit])
    asked.product, asked.version, asked.source = RECOMMENDATIONS, answer.served.version, answer.source
    if request.headers.get(PURPOSE) != CHECK:
        service.answers.served(
            Recommended(
                asked.request_id,
                company.name,
                RECOMMENDATIONS,
                answer.served.version,
                customer_id,
                service.clock(),
                items,
            )
        )
    head = orjson.dumps({**answer_head(company.name, answer, asked.request_id), "customer_id": customer_id})
    return Response(b"".join((head[:-1], b',"items":', items, b"}")), media_type="application/json")


def answer_head(company: str, answer: Answer, request_id: str) -> dict[str, Any]:
    """What every answer names."""
    served = answer.served
    return {
        "company": company,
        "product": RECOMMENDATIONS,
        "version": served.version,
        "as_of": served.as_of,
        "generated_at": served.generated_at,
        "served_from": answer.source,
        "request_id": request_id,
    }
