"""What answers look like: as they are sent, and for the OpenAPI description. They are written by hand, and tests hold
them against their description.

Not here: problems (problems.py).
"""

from __future__ import annotations

from datetime import date, datetime
from typing import Any, Literal

import orjson
from pydantic import BaseModel, ConfigDict, Field
from pydantic.json_schema import SkipJsonSchema
from starlette.responses import Response

_REQUEST = "6d3f0a1e5b7c4f2e9a8d7c6b5a493827"


def json_response(told: Any, status: int = 200) -> Response:
    return Response(orjson.dumps(told), status, media_type="application/json")


class Item(BaseModel):
    """A row of the published list: the columns of the product's table, without what is personal. A row of vehicle
    fitment is four parts side by side (`rec_part_1` to `rec_part_4`), by rank, and has no rank itself."""

    model_config = ConfigDict(extra="allow")

    rank: int | SkipJsonSchema[None] = Field(None, ge=1, examples=[1])


class AnswerHead(BaseModel):
    """What every answer names."""

    model_config = ConfigDict(extra="forbid")

    company: str = Field(examples=["acme"])
    product: str = Field(examples=["recommendations"])
    version: int = Field(ge=1, description="The publication's.", examples=[3])
    as_of: date = Field(description="The last day that the list knows.", examples=["2025-09-02"])
    generated_at: datetime = Field(description="When it was made.", examples=["2025-09-03T04:00:00+00:00"])
    served_from: Literal["redis", "database"] = Field(description="Which store answered.", examples=["redis"])
    request_id: str = Field(description="Names this answer to POST /feedback, and in the log.", examples=[_REQUEST])


class RecommendationList(AnswerHead):
    customer_id: str = Field(examples=["c1"])
    items: list[Item] = Field(
        description="By rank.", examples=[[{"rank": 1, "item_id": "wiper-22", "reason": "fits your vehicle"}]]
    )


class LeftOut(BaseModel):
    model_config = ConfigDict(extra="forbid")

    item_id: str = Field(description="The item, or the offer.", examples=["wiper-22"])
    why: str = Field(examples=["ordered on 2025-09-03"])


class RankedItem(BaseModel):
    """Of vehicle fitment, one of the four parts."""

    model_config = ConfigDict(extra="allow")

    rank: int = Field(ge=1, examples=[1])


class OnDemandList(AnswerHead):
    customer_id: str = Field(examples=["c1"])
    items: list[RankedItem] = Field(
        description="By rank.", examples=[[{"rank": 1, "item_id": "wiper-22", "reason": "fits your vehicle"}]]
    )
    asked_for: date = Field(description="The day for which it was asked.", examples=["2025-09-03"])
    left_out: list[LeftOut] = Field(description="What of the published list is not in it, and why.")
    short_by: int = Field(ge=0, description="Items fewer than were asked for.", examples=[0])


class FeedbackKept(BaseModel):
    model_config = ConfigDict(extra="forbid")

    company: str = Field(examples=["concord"])
    received: int = Field(ge=1, description="Events in the request.", examples=[1])
    new: int = Field(ge=0, description="Those that had not been told before.", examples=[1])
    request_id: str = Field(examples=[_REQUEST])


class Live(BaseModel):
    model_config = ConfigDict(extra="forbid")

    live: Literal[True]


class Waiting(BaseModel):
    model_config = ConfigDict(extra="forbid")

    company: str = Field(examples=["acme"])
    why: str = Field(examples=["recommendations: it cannot be read (UnavailableError)"])


class Readiness(BaseModel):
    model_config = ConfigDict(extra="forbid")

    ready: bool = Field(description="Whether every live publication and active model has answered once.")
    ending: bool | None = Field(None, description="Whether it was told to end; it still answers.")
    waiting: int | None = Field(None, ge=1, description="How many publications and models have not answered yet.")
    waiting_for: list[Waiting] | None = Field(None, description="Those of companies that the caller may see.")


class Health(Readiness):
    live: Literal[True]
