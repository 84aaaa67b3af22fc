"""What several routes are given in a body: ids, names and times as they may be; and how much is said of a wrong one."""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated

from pydantic import AfterValidator, Field

ID_CHARACTERS = 1_000
CLOCK_SKEW = timedelta(minutes=5)
"""By how much a client's clock may be ahead."""
MOST_PROBLEMS = 20
"""Named in one answer."""


def _storable(text: str) -> str:
    # PostgreSQL keeps every character but this one.
    if "\x00" in text:
        raise ValueError("holds the character NUL, which no id has")
    return text


Id = Annotated[str, Field(min_length=1, max_length=ID_CHARACTERS), AfterValidator(_storable)]
ShortId = Annotated[str, Field(min_length=1, max_length=100), AfterValidator(_storable)]
CompanyName = Annotated[str, Field(min_length=1, max_length=64), AfterValidator(_storable)]
