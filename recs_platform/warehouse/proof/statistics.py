"""What the statistics of a written file prove of its rows: they are counted while it is written, of its very bytes.

They are believed as far as DuckDB 1.5 keeps them right. Least and greatest values leave NULL and NaN out, and are
absent where a part of the file has none. Of texts they are exact while they are short: a long one is cut, and the
greatest is then made greater. That no number is NaN is never read from them: what they say of it is true of the last
part of the file alone.

Not here: how an engine states them (`lake/written_statistics.py`).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from recs_platform.warehouse.proof.declared import NOT_NULL, DeclaredRule

_EXACT = 100
"""Characters of a text that is not cut for certain."""


@dataclass(frozen=True)
class ColumnStatistics:
    """Of one column in one file."""

    rows: int
    nulls: int | None
    least: int | float | str | None
    greatest: int | float | str | None


def proves(files: Sequence[ColumnStatistics], rule: DeclaredRule) -> bool:
    """Whether every row of these files keeps a rule. A comparison is proved of numbers; a NaN among them is left to the
    rule that there is none, which every column of fractions has."""
    return all(_proved(file, rule) for file in files)


def _proved(file: ColumnStatistics, rule: DeclaredRule) -> bool:
    if file.rows == 0:
        return True
    if rule.word == NOT_NULL:
        return file.nulls == 0
    if file.nulls == file.rows:
        return True
    if file.least is None or file.greatest is None:
        return False
    if isinstance(file.least, str) or isinstance(file.greatest, str):
        one_word = file.least == file.greatest and len(str(file.least)) <= _EXACT
        return rule.word == "isin" and one_word and file.least in rule.value
    if not isinstance(rule.value, int | float):
        return False
    match rule.word:
        case "ge":
            return file.least >= rule.value
        case "gt":
            return file.least > rule.value
        case "le":
            return file.greatest <= rule.value
        case "lt":
            return file.greatest < rule.value
        case _:
            return False
