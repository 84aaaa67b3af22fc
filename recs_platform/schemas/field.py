"""What a schema says of one column, in the words of Pandera's `Field`, without loading Pandera.

Columns and rules are written down once, with this. Most commands only ask a table for its columns; Pandera, with Ibis
and pandas behind it, takes longer to load than such a command runs. So its model is made of the same declaration where
rows are judged (`pandera_model.py`).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypedDict, Unpack


class Rules(TypedDict, total=False):
    """What a value must be. Each word means what it means in Pandera."""

    eq: Any
    ne: Any
    gt: Any
    ge: Any
    lt: Any
    le: Any
    in_range: Mapping[str, Any]
    isin: Sequence[Any]
    notin: Sequence[Any]
    str_contains: str
    str_endswith: str
    str_length: Mapping[str, int]
    str_matches: str
    str_startswith: str


@dataclass(frozen=True)
class FieldDeclaration:
    nullable: bool
    description: str
    metadata: Mapping[str, str]
    rules: Rules
    unit: str = ""
    example: str = ""


def Field(  # noqa: N802  (the word of Pandera and Pydantic for it)
    *,
    nullable: bool = False,
    description: str = "",
    metadata: Mapping[str, str] | None = None,
    unit: str = "",
    example: str = "",
    **rules: Unpack[Rules],
) -> Any:
    """Declare a column of a `Table`. `unit` and `example`, a value as a CSV file has it, are for who writes a feed.

    >>> Field(ge=0, description="Units.").rules
    {'ge': 0}
    """
    if unknown := sorted(rules.keys() - Rules.__annotations__.keys()):
        raise TypeError(f"a column has no rule {unknown[0]}; known: {', '.join(Rules.__annotations__)}")
    return FieldDeclaration(nullable, description, metadata or {}, rules, unit, example)
