"""What a client of a wholesaler is recommended this week: `GET /weekly-recommendations/{customer_id}`."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query
from pydantic.json_schema import SkipJsonSchema
from starlette.requests import Request
from starlette.responses import Response

from recs_platform.serving.answers import RecommendationList
from recs_platform.serving.hot_route import HotRoute
from recs_platform.serving.problems import ABOUT_A_COMPANY, NOT_PUBLISHED, OF_A_LIST, Problem, declared
from recs_platform.serving.routes.recommendations import Customer, Limit, list_of
from recs_platform.serving.service import service_of

router = APIRouter(tags=["recommendations"], route_class=HotRoute)


@router.get(
    "/weekly-recommendations/{customer_id:id}",
    summary="What a client of a wholesaler is recommended this week",
    response_model=RecommendationList,
    responses=declared(*ABOUT_A_COMPANY, *OF_A_LIST),
)
async def weekly(
    request: Request,
    customer_id: Customer,
    company: Annotated[
        str | SkipJsonSchema[None], Query(description="Default: the key's.", examples=["concord"])
    ] = None,
    limit: Limit = None,
) -> Response:
    served = service_of(request).access.company(request, company)
    if not served.company.strategy.has_weekly_lists:
        raise Problem(
            NOT_PUBLISHED, f"{served.name} has no weekly recommendations: GET /recommendations has its lists."
        )
    return await list_of(request, served, customer_id, limit)
