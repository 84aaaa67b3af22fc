"""What a customer is recommended now: `POST /recommend`.

The published list, with what the client knows and the day did not: what was bought since, what is unwanted. Not here:
how it is chosen (on_demand.py).
"""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import orjson
from fastapi import APIRouter
from pydantic import AwareDatetime, BaseModel, ConfigDict, Field
from starlette.requests import Request
from starlette.responses import Response

from recs_platform.companies.model import Company
from recs_platform.serving.answers import OnDemandList, json_response
from recs_platform.serving.given import CLOCK_SKEW, CompanyName, Id
from recs_platform.serving.items import items_of
from recs_platform.serving.json_route import JsonRoute
from recs_platform.serving.on_demand import Wanted, on_demand
from recs_platform.serving.problems import ABOUT_A_COMPANY, OF_A_LIST, WITH_A_BODY, declared, invalid
from recs_platform.serving.published_list import keep, list_head, published_list
from recs_platform.serving.service import service_of
from recs_platform.serving_store.protocol import Served

router = APIRouter(tags=["recommendations"], route_class=JsonRoute)
MOST_ORDERS = 1_000
FURTHEST = timedelta(days=366)
"""How far ahead somebody may ask."""


class Order(BaseModel):
    model_config = ConfigDict(extra="forbid")
    item_id: Id
    ordered_at: AwareDatetime = Field(description="When, with its offset from UTC.")


class Asking(BaseModel):
    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "examples": [
                {
                    "company": "concord",
                    "customer_id": "CL-0001",
                    "top_n": 10,
                    "exclusions": ["P-0007"],
                    "orders": [{"item_id": "P-0001", "ordered_at": "2025-09-03T08:12:00+02:00"}],
                }
            ]
        },
    )
    company: CompanyName | None = Field(None, description="Default: the key's.")
    customer_id: Id
    top_n: int = Field(10, ge=1, le=1_000, description="So many items at most.")
    as_of: date | None = Field(None, description="The day for which it is asked. Default: today, where the company is.")
    exclusions: list[Id] = Field(
        default_factory=list, max_length=MOST_ORDERS, description="Items or offers that are not wanted."
    )
    orders: list[Order] = Field(
        default_factory=list, max_length=MOST_ORDERS, description="The customer's newest orders, whichever are at hand."
    )


@router.post(
    "/recommend",
    summary="What a customer is recommended now, after its newest orders",
    response_model=OnDemandList,
    responses=declared(*ABOUT_A_COMPANY, *OF_A_LIST, *WITH_A_BODY),
)
async def recommend(request: Request, asking: Asking) -> Response:
    service = service_of(request)
    company = service.access.company(request, asking.company)
    answer = await published_list(request, company, asking.customer_id)
    now = service.clock()
    wanted = _wanted(asking, company.company, answer.served, now)
    found = on_demand(items_of(orjson.loads(answer.content)), wanted)
    items = orjson.dumps(found.items)
    keep(request, company, answer, asking.customer_id, now, items)
    told = {
        **list_head(request, company, answer, asking.customer_id),
        "asked_for": wanted.as_of,
        "items": orjson.Fragment(items),
        "left_out": found.left_out,
        "short_by": found.short_by,
    }
    return json_response(told)


def _wanted(asking: Asking, company: Company, served: Served, now: datetime) -> Wanted:
    today = now.astimezone(ZoneInfo(company.timezone)).date()
    as_of, problems = asking.as_of or today, list[tuple[str, str]]()
    if asking.as_of is not None and as_of < served.as_of:
        sentence = f"The list is of {served.as_of}; what came before it is in the history of publications."
        problems.append(("body.as_of", sentence))
    if as_of - today > FURTHEST:
        problems.append(("body.as_of", "More than a year ahead nothing is known."))
    bought: dict[str, date] = {}
    # The list knows what was ordered on its own day, and before.
    unknown_since = datetime.combine(served.as_of + timedelta(days=1), time.min, UTC)
    for place, order in enumerate(asking.orders):
        if order.ordered_at > now + CLOCK_SKEW:
            problems.append((f"body.orders.{place}.ordered_at", "It has not happened yet."))
        elif order.ordered_at >= unknown_since:
            day = order.ordered_at.astimezone(UTC).date()
            bought[order.item_id] = max(day, bought.get(order.item_id, day))
    if problems:
        raise invalid(problems)
    return Wanted(
        top_n=asking.top_n,
        as_of=as_of,
        exclusions=frozenset(asking.exclusions),
        bought=bought,
        discovery_share=company.strategy.discovery_share(company.parameters),
        alike=company.strategy.family_of,
    )
