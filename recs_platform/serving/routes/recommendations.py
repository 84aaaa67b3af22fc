"""What a customer is recommended, as it was published: `GET /recommendations/{company}/{customer_id}`.

The list is sent as the store has it, byte for byte; what is the same for all of its rows stands before it.
"""

from __future__ import annotations

from typing import Annotated

import orjson
from fastapi import APIRouter, Path, Query
from pydantic import Field
from pydantic.json_schema import SkipJsonSchema
from starlette.requests import Request
from starlette.responses import Response

from recs_platform.serving.answers import RecommendationList
from recs_platform.serving.asked import CHECK, PURPOSE
from recs_platform.serving.companies import ServedCompany
from recs_platform.serving.hot_route import MOST_ITEMS, HotRoute
from recs_platform.serving.problems import ABOUT_A_COMPANY, OF_A_LIST, declared
from recs_platform.serving.published_list import keep, list_head, published_list
from recs_platform.serving.service import service_of

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
    responses=declared(*ABOUT_A_COMPANY, *OF_A_LIST),
)
async def recommendations(request: Request, company: Company, customer_id: Customer, limit: Limit = None) -> Response:
    served = service_of(request).access.company(request, company)
    return await list_of(request, served, customer_id, limit)


async def list_of(request: Request, company: ServedCompany, customer_id: str, limit: int | None) -> Response:
    answer = await published_list(request, company, customer_id)
    items = answer.content if limit is None else orjson.dumps(orjson.loads(answer.content)[:limit])
    if request.headers.get(PURPOSE) != CHECK:
        keep(request, company, answer, customer_id, service_of(request).clock(), items)
    head = orjson.dumps(list_head(request, company, answer, customer_id))
    return Response(b"".join((head[:-1], b',"items":', items, b"}")), media_type="application/json")
