"""What rows are known by: a fingerprint of all of them, over the columns that they were published with.

A model that grows, or whose column is renamed, changes no row that was published before, so it must not change what
that is known by. Which columns a version had, its copy says; and the table itself where the copy has expired, since it
grows no earlier than with the next version.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from recs_platform.schemas.table import Column, TableSpec
from recs_platform.warehouse.bigquery.tables import arrow_type
from recs_platform.warehouse.bigquery.text import quoted


def fingerprint_of(relation: str, columns: Sequence[Column]) -> str:
    """A query for it: the first number sees which rows there are, the second how often. Columns stand in the order of
    their names, since one that is added comes last in a table and anywhere in what is declared."""
    named = ", ".join(sorted(quoted(column.name) for column in columns))
    hashed = f"FARM_FINGERPRINT(TO_JSON_STRING(STRUCT({named})))"
    return (
        "SELECT COUNT(*) AS row_count, BIT_XOR(hashed) AS mixed, SUM(MOD(hashed, 2147483647)) AS summed FROM "
        f"(SELECT {hashed} AS hashed FROM ({relation}) AS of_days) AS of_rows"
    )


def as_published(spec: TableSpec, copied: Mapping[str, str]) -> tuple[Column, ...]:
    """The columns of a copy, to be read from it or from the table: there, one may stand under its name of today."""
    today = {column.formerly: column.name for column in spec.columns if column.formerly}
    before = {column.name: column.formerly for column in spec.columns}
    return tuple(
        Column(name, arrow_type(kind), nullable=True, description="", formerly=today.get(name) or before.get(name))
        for name, kind in copied.items()
    )


def still_known(spec: TableSpec, there: Mapping[str, str]) -> Mapping[str, str]:
    """The declared columns that a table has, under the names that they have there, and their types."""
    names = (column.name if column.name in there else column.formerly for column in spec.columns)
    return {name: there[name] for name in names if name and name in there}


def undeclared(spec: TableSpec, copied: Mapping[str, str], there: Mapping[str, str]) -> tuple[Column, ...]:
    """The columns of a copy that this code does not know by any name, and that the table has."""
    known = {name for column in spec.columns for name in (column.name, column.formerly)}
    return tuple(column for column in as_published(spec, copied) if column.name not in known and column.name in there)
