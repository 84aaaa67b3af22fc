"""Queries drawn from the words that the proofs know, and from words close by; and small tables that they are run on.

The tables hold what proofs stumble over: NULL in keys, repeated rows, 0.0 and -0.0, NaN, whole numbers that are equal
as fractions.
"""

from __future__ import annotations

import datetime
from collections.abc import Mapping
from typing import Any

from hypothesis import strategies as st

from recs_platform.schemas.field import Field
from recs_platform.schemas.table import Table, snapshot, spec_of
from recs_platform.warehouse.point_in_time import View
from recs_platform_tests.warehouse.tables import day, days


@snapshot(key=("k", "l"))
class Keyed(Table):
    """Two columns are a key, each of which may be NULL."""

    as_of: datetime.date = Field()
    k: int = Field(nullable=True)
    l: str = Field(nullable=True, isin=["x", "y"])  # noqa: E741
    f: float = Field(nullable=True)


@snapshot(key=("l",))
class Named(Table):
    """One column is a key."""

    as_of: datetime.date = Field()
    k: int = Field(nullable=True)
    l: str = Field(nullable=True, isin=["x", "y"])  # noqa: E741
    f: float = Field(nullable=True)


@snapshot(key=())
class Loose(Table):
    """Rows may stand there more than once."""

    as_of: datetime.date = Field()
    k: int = Field(nullable=True)
    l: str = Field(nullable=True)  # noqa: E741
    f: float = Field(nullable=True)


SPECS = {spec.name: spec for spec in map(spec_of, (Keyed, Named, Loose))}
VIEWS = tuple(View(name, spec, days(0, 0), required=False) for name, spec in SPECS.items())
VALUES: Mapping[str, Any] = {"word": "x", "words": ("x", "z"), "number": 1}

_K = st.sampled_from([None, 0, 1, 2**53, 2**53 + 1])
_L = st.sampled_from([None, "x", "y"])
_F = st.sampled_from([None, 0.0, -0.0, 1.0, float(2**53), float("nan")])
_ROW = st.fixed_dictionaries({"as_of": st.just(day(0)), "k": _K, "l": _L, "f": _F})
TABLES = st.fixed_dictionaries(
    {
        "keyed": st.lists(_ROW, max_size=6, unique_by=lambda row: (row["k"], row["l"])),
        "named": st.lists(_ROW, max_size=3, unique_by=lambda row: row["l"]),
        "loose": st.lists(_ROW, max_size=5),
    }
)

_COLUMNS = ("k", "l", "f")
_JOINS = ("JOIN", "LEFT JOIN", "LEFT JOIN", "CROSS JOIN", "FULL JOIN", "RIGHT JOIN", "UNNEST")
_WINDOWS = ("ROW_NUMBER() OVER (PARTITION BY {0} ORDER BY {1})", "RANK() OVER (PARTITION BY {0} ORDER BY {1})")


@st.composite
def conditions(draw: st.DrawFn, left: str, right: str) -> str:
    """What an ON says."""
    one = st.sampled_from(
        [
            *(f"{left}.{c} = {right}.{c}" for c in _COLUMNS),
            *(f"{right}.{c} = {left}.{c}" for c in _COLUMNS),
            *(f"{left}.k = {right}.f", f"{right}.k = {left}.f", f"{left}.k <= {right}.k"),
            *(f"{right}.k = @number", f"{right}.l = 'x'", f"{left}.l = @word", f"{right}.l IN ('x', 'q')"),
            *(f"{right}.l = LOWER({left}.l)", f"{right}.l = COALESCE({left}.l, 'x')", f"{right}.k = {left}.k + 1"),
            f"({right}.l = {left}.l OR {right}.k = 1)",
        ]
    )
    return " AND ".join(draw(st.lists(one, min_size=1, max_size=3)))


@st.composite
def froms(draw: st.DrawFn, tables: tuple[str, ...]) -> tuple[str, tuple[str, ...]]:
    """A FROM of one to three tables, and their aliases."""
    text, aliases = f"{draw(st.sampled_from(tables))} AS a", ["a"]
    for alias in ("b", "c")[: draw(st.integers(0, 2))]:
        kind = draw(st.sampled_from(_JOINS))
        other = draw(st.sampled_from(tables))
        if kind == "UNNEST":
            of = draw(st.sampled_from(["['x', 'y']", "['x', 'x']", "@words"]))
            text += f" CROSS JOIN (SELECT l, 1 AS k, 0.0 AS f FROM UNNEST({of}) AS l) AS {alias}"
        elif kind == "CROSS JOIN":
            text += f" CROSS JOIN {other} AS {alias}"
        else:
            said = draw(conditions(draw(st.sampled_from(aliases)), alias))
            text += f" {kind} {other} AS {alias} ON {said}"
        aliases.append(alias)
    return text, tuple(aliases)


@st.composite
def expressions(draw: st.DrawFn, aliases: tuple[str, ...]) -> str:
    alias = draw(st.sampled_from(aliases))
    column = f"{alias}.{draw(st.sampled_from(_COLUMNS))}"
    others = [
        f"COALESCE({alias}.l, 'none')",
        f"CONCAT({alias}.l, '|', {draw(st.sampled_from(aliases))}.l)",
        f"CAST({alias}.f AS STRING)",
        f"IF({alias}.k = 1, 'one', {alias}.l)",
        f"CASE WHEN {alias}.k > 0 THEN 'more' WHEN {alias}.l = 'x' THEN NULL ELSE 'less' END",
        f"{alias}.k + 1",
        "@word",
        "'said'",
        "NULLIF('x', 'y')",
    ]
    return draw(st.sampled_from([column, column, column, *others]))


@st.composite
def selects(draw: st.DrawFn, tables: tuple[str, ...] = tuple(SPECS)) -> str:
    """A SELECT of the columns k, l, f, and one to three more."""
    text, aliases = draw(froms(tables))
    shown = [draw(expressions(aliases)) for _ in range(draw(st.integers(1, 3)))]
    k, f = (f"{draw(st.sampled_from(aliases))}.{column}" for column in ("k", "f"))
    l = draw(st.sampled_from([f"{draw(st.sampled_from(aliases))}.l", "'x'", "'y'"]))  # noqa: E741
    where = draw(st.sampled_from(["", "", *(f" WHERE {said}" for said in _filters(aliases))]))
    columns = [(k, "k"), (l, "l"), (f, "f"), *((one, f"e{number}") for number, one in enumerate(shown))]
    shape = draw(st.sampled_from(["plain", "plain", "group", "distinct", "qualify", "window", "total"]))
    if shape == "group":
        grouped = draw(st.lists(st.sampled_from(columns), min_size=1, max_size=3, unique=True))
        by = ", ".join(expression for expression, _ in grouped)
        given = [
            f"{expression if (expression, name) in grouped else f'MAX({expression})'} AS {name}"
            for expression, name in columns
        ]
        having = draw(st.sampled_from(["", " HAVING COUNT(*) > 1"]))
        return f"SELECT {', '.join(given)} FROM {text}{where} GROUP BY {by}{having}"
    if shape == "total":
        given = [f"MAX({expression}) AS {name}" for expression, name in columns]
        return f"SELECT {', '.join(given)} FROM {text}{where}"
    partition = ", ".join(draw(st.lists(expressions(aliases), min_size=1, max_size=2)))
    window = draw(st.sampled_from(_WINDOWS)).format(partition, k)
    if shape == "window":
        columns.append((window, "w"))
    given = [f"{expression} AS {name}" for expression, name in columns]
    start = "SELECT DISTINCT" if shape == "distinct" else "SELECT"
    said = draw(st.sampled_from([f"{window} = 1", f"{window} <= 2", f"{window} = 1 OR {k} = 1"]))
    qualify = f" QUALIFY {said}" if shape == "qualify" else ""
    return f"{start} {', '.join(given)} FROM {text}{where}{qualify}"


def _filters(aliases: tuple[str, ...]) -> list[str]:
    first, last = aliases[0], aliases[-1]
    return [
        *(f"{first}.k = 1", f"{last}.l = 'x'", f"{last}.l IN UNNEST(@words)", f"{first}.k = {last}.k"),
        *(f"{last}.k IS NULL", f"{first}.l = {last}.l AND {first}.f = 0", f"NOT {first}.l = 'x'"),
    ]


@st.composite
def queries(draw: st.DrawFn) -> str:
    """A SELECT, a union of some, or a SELECT over either."""
    inner = draw(selects())
    shape = draw(st.sampled_from(["one", "over", "union", "union of names"]))
    if shape == "one":
        return inner
    if shape == "over":
        return f"WITH inside AS ({inner}) {draw(selects((*SPECS, 'inside', 'inside')))}"
    kind = draw(st.sampled_from(["UNION ALL", "UNION ALL", "UNION DISTINCT"]))
    apart = ["'p'", "'q'", "'p'"] if shape == "union" else ["'p'", "'q'", "'r'"]
    branches = [inner, *(draw(selects()) for _ in range(draw(st.integers(1, 2))))]
    parts = [f"SELECT {word} AS part, k, l, f FROM ({one}) AS _ " for word, one in zip(apart, branches, strict=False)]
    united = f" {kind} ".join(parts)
    return f"WITH inside AS ({united}) {draw(selects(('inside', *SPECS)))}" if draw(st.booleans()) else united
