"""What became of recommendations: `POST /feedback`.

It is answered once it is kept, and what is sent again counts once: a shop that heard no answer sends it again. Nobody
is looked up: an answer that a reaction names may still be on its way, and a customer may have lost its list. What
belongs to nothing is counted for nothing (`feedback_of_unknown_answers`).
"""

from __future__ import annotations

from datetime import UTC, timedelta
from typing import Annotated

from fastapi import APIRouter
from pydantic import AwareDatetime, BaseModel, ConfigDict, Field
from starlette.requests import Request
from starlette.responses import Response

from recs_platform.platform_db.serving_tables import Reaction
from recs_platform.serving.answers import FeedbackKept, json_response
from recs_platform.serving.asked import asked_of
from recs_platform.serving.given import CLOCK_SKEW, CompanyName, Id, ShortId
from recs_platform.serving.json_route import JsonRoute
from recs_platform.serving.problems import ABOUT_A_COMPANY, WITH_A_BODY, declared, invalid
from recs_platform.serving.service import service_of

router = APIRouter(tags=["feedback"], route_class=JsonRoute)
MOST_EVENTS = 1_000
OLDEST = timedelta(days=30)
"""What happened before that is told nobody any more."""


class Event(BaseModel):
    model_config = ConfigDict(extra="forbid")
    event_id: ShortId = Field(description="The shop's own: the same again counts once.")
    request_id: Annotated[str, Field(pattern=r"^[0-9a-f]{1,40}$")] | None = Field(
        None, description="The `request_id` of the answer that it is about, if known."
    )
    customer_id: Id
    item_id: Id = Field(description="The item, or the offer of offer ranking.")
    reaction: Reaction
    happened_at: AwareDatetime = Field(description="When, with its offset from UTC.")


class Feedback(BaseModel):
    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "examples": [
                {
                    "company": "concord",
                    "events": [
                        {
                            "event_id": "F-1",
                            "request_id": "6d3f0a1e5b7c4f2e9a8d7c6b5a493827",
                            "customer_id": "CL-0001",
                            "item_id": "P-0001",
                            "reaction": "clicked",
                            "happened_at": "2025-09-03T08:12:00+02:00",
                        }
                    ],
                }
            ]
        },
    )
    company: CompanyName | None = Field(None, description="Default: the key's.")
    events: list[Event] = Field(min_length=1, max_length=MOST_EVENTS)


@router.post(
    "/feedback",
    status_code=202,
    summary="What customers did with recommendations",
    response_model=FeedbackKept,
    response_description="It is kept.",
    responses=declared(*ABOUT_A_COMPANY, *WITH_A_BODY),
)
async def feedback(request: Request, told: Feedback) -> Response:
    service = service_of(request)
    company = service.access.company(request, told.company)
    now, problems = service.clock(), list[tuple[str, str]]()
    for place, event in enumerate(told.events):
        if event.happened_at > now + CLOCK_SKEW:
            problems.append((f"body.events.{place}.happened_at", "It has not happened yet."))
        elif event.happened_at < now - OLDEST:
            problems.append((f"body.events.{place}.happened_at", f"It happened more than {OLDEST.days} days ago."))
    if problems:
        raise invalid(problems)
    rows = [
        {
            "event_id": event.event_id,
            "answer_id": event.request_id,
            "customer_id": event.customer_id,
            "item_id": event.item_id,
            "reaction": event.reaction,
            "happened_at": event.happened_at.astimezone(UTC),
        }
        for event in told.events
    ]
    new = await service.answers.react(company.name, rows)
    answer = {
        "company": company.name,
        "received": len(rows),
        "new": new,
        "request_id": asked_of(request).request_id,
    }
    return json_response(answer, 202)
