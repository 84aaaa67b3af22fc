"""The rules that columns declare, as plain values: what can be proved, or counted without Pandera.

Not here: rules that a table states as methods, which only Pandera can judge, and what Pandera makes of these
(`warehouse/rules.py`); a test holds that both say the same.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from recs_platform.schemas.table import TableSpec

NOT_NULL = "not_null"
NOT_NAN = "not_nan"


@dataclass(frozen=True)
class DeclaredRule:
    column: str
    word: str
    """One of `schemas.field.Rules`, or one of the two above. NULL keeps every rule but `NOT_NULL`."""
    value: Any = None
    """What the word is said with."""


@lru_cache(maxsize=512)
def declared_rules(spec: TableSpec) -> tuple[DeclaredRule, ...]:
    """As many as an engine counts of a table without rules of its own."""
    rules: list[DeclaredRule] = []
    for column in spec.columns:
        said = spec.fields[column.name]
        if not said.nullable:
            rules.append(DeclaredRule(column.name, NOT_NULL))
        if column.sql_type == "FLOAT64":
            rules.append(DeclaredRule(column.name, NOT_NAN))
        rules += [DeclaredRule(column.name, word, value) for word, value in said.rules.items()]
    return tuple(rules)


@lru_cache(maxsize=512)
def rules_fingerprint(spec: TableSpec) -> str:
    """Changes when anything changes that the audit of a table's slices proves: types, rules, key. Kept with each slice
    that was audited, so that a query over it may rely on them."""
    columns = [(c.name, c.sql_type, c.nullable, sorted(spec.fields[c.name].rules.items())) for c in spec.columns]
    said = repr((spec.name, spec.date_column, spec.key, columns))
    return hashlib.sha256(said.encode()).hexdigest()[:12]
