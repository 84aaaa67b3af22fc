"""What several routes are given in a body: ids and names, as long as they may be and of characters that can be kept."""

from __future__ import annotations

from typing import Annotated

from pydantic import AfterValidator, Field

ID_CHARACTERS = 1_000


def _storable(text: str) -> str:
    # PostgreSQL keeps every character but this one.
    if "\x00" in text:
        raise ValueError("holds the character NUL, which no id has")
    return text


Id = Annotated[str, Field(min_length=1, max_length=ID_CHARACTERS), AfterValidator(_storable)]
ShortId = Annotated[str, Field(min_length=1, max_length=100), AfterValidator(_storable)]
CompanyName = Annotated[str, Field(min_length=1, max_length=64), AfterValidator(_storable)]
