"""What version 4 of replenishment learns from: the columns that name and judge an example, and every feature of
`next_basket/columns.py`, in its order."""

from __future__ import annotations

import datetime
from typing import Any

from recs_platform.next_basket.columns import FEATURES
from recs_platform.schemas.field import Field
from recs_platform.schemas.table import Empty, Table, snapshot


class _Example(Table):
    as_of: datetime.date = Field(description="The day whose state this is.")
    example: int = Field(ge=0, description="Its number.")
    customer_id: str = Field(description="The client.")
    item_id: str = Field(description="The item.")
    target: int = Field(ge=0, description="The number of the target, the newest first.")
    target_from: datetime.date = Field(description="The first day of the target: nothing of it is known.")
    was_bought: bool = Field(description="Whether the client bought it in the target.")
    weight: float = Field(gt=0, description="One over what the client bought in it, so that clients count the same.")
    split: str = Field(description="Who learns, where that is given.")


def _feature(says: str) -> Any:
    return Field(nullable=True, description=f"{says[0].upper()}{says[1:]}.")


_fields = {name: _feature(says) for name, says in FEATURES.items()}
_WithFeatures: Any = type("_WithFeatures", (_Example,), {"__annotations__": dict.fromkeys(FEATURES, float), **_fields})


@snapshot(key=("example",), empty=Empty.ALLOWED)
class ReplenishmentExamples(_WithFeatures):  # type: ignore[misc]
    """One row per past target, client and candidate: what was known before the target, and whether it was bought. No
    rows on a day that does not train."""
