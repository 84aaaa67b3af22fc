"""A metric of a company's own: what arms are compared by besides opens, clicks, orders and revenue.

Not here: how it is summed (`sql/campaign/metric_sums.sql`) and compared (`campaign/experiments.py`).
"""

from __future__ import annotations

import re
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

TAKEN = ("opens", "clicks", "clicks_per_open", "orders", "revenue")
"""Names of the metrics that every company has."""


class Metric(BaseModel):
    """What is counted of which event in the attribution window of a message."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: str = Field(description="What it is called in tables and in the report.")
    event: str = Field(min_length=1, description="The event: a canonical name, or one of the feed's own.")
    kind: Literal["rate", "sum"] = Field(
        description="`rate`: the share of messages that an event follows; `sum`: what the events add up to per message."
    )
    value: Literal["quantity", "unit_price", "amount"] | None = Field(
        None, description="What a sum adds up; `amount` is quantity x unit_price."
    )

    @property
    def is_money(self) -> bool:
        return self.value in ("unit_price", "amount")

    @field_validator("name")
    @classmethod
    def _is_a_name(cls, name: str) -> str:
        if not re.fullmatch(r"[a-z][a-z0-9_]{0,39}", name):
            raise ValueError("should be lower-case letters, digits and _, a letter first, at most 40")
        if name in TAKEN:
            raise ValueError(f"every company has a metric {name}; choose another name")
        return name

    @model_validator(mode="after")
    def _sums_have_a_value(self) -> Metric:
        if self.kind == "sum" and self.value is None:
            raise ValueError("a sum needs `value`: quantity, unit_price or amount")
        if self.kind == "rate" and self.value is not None:
            raise ValueError("a rate counts messages; leave `value` out, or make it a sum")
        return self
