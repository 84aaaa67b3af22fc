"""The plain rules of columns as DuckDB's conditions: whether any row breaks one, without loading Pandera.

What a word means is Pandera's to say; a test holds that these say the same. Not here: the other words, and how many
rows break which rule (`staged.py`).
"""

from __future__ import annotations

import math
from collections.abc import Iterable

from recs_platform.warehouse.lake.engine import literal, quoted
from recs_platform.warehouse.proof.declared import NOT_NAN, NOT_NULL, DeclaredRule

_COMPARISONS = {"ge": ">=", "gt": ">", "le": "<=", "lt": "<", "eq": "=", "ne": "<>"}


def any_broken(rules: Iterable[DeclaredRule]) -> str | None:
    """What is true for a row that breaks any of these rules; None where one of them is not plain. NULL breaks none but
    the first."""
    broken = [_broken(rule) for rule in rules]
    return None if None in broken else " OR ".join(map(str, broken))


def _broken(rule: DeclaredRule) -> str | None:
    column = quoted(rule.column)
    if rule.word == NOT_NULL:
        return f"{column} IS NULL"
    if rule.word == NOT_NAN:
        return f"isnan({column})"
    if rule.word in _COMPARISONS and isinstance(rule.value, int | float) and math.isfinite(rule.value):
        return f"NOT ({column} {_COMPARISONS[rule.word]} {rule.value!r})"
    if rule.word == "isin" and rule.value and all(type(one) in (str, int) for one in rule.value):
        listed = ", ".join(literal(one) if isinstance(one, str) else str(one) for one in rule.value)
        return f"{column} NOT IN ({listed})"
    return None
