"""Scores of a request, wholly by one version of a model. Pure: no request and no registry.

Rows of features are judged as strictly as a table's: every feature is there, of its kind and finite, and nothing else
is. What is missing is said as null. Not here: the features of pairs that are named by ids (lookup.py).
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

import pyarrow as pa

from recs_platform.model_registry.score_parts import START
from recs_platform.models.features import FeatureSet, FeatureSpec, Floats
from recs_platform.serving.given import MOST_PROBLEMS
from recs_platform.serving.models.loaded import Loaded

MOST_PAIRS = 10_000
MOST_EXPLAINED = 1_000
"""Contributions take a hundred times as long as scores, and as many times the room."""
LONGEST_TEXT = 1_000
Row: TypeAlias = Mapping[str, Any]
Columns: TypeAlias = Mapping[str, Sequence[Any]]
"""By feature: a value per row, None where it is missing."""


class RowsError(ValueError):
    """Rows that the model cannot read: where, and what is wrong there."""

    def __init__(self, problems: Sequence[tuple[str, str]]) -> None:
        super().__init__(f"{len(problems)} problems")
        self.problems = tuple(problems)


@dataclass(frozen=True)
class Scores:
    raw: Floats
    chances: Floats | None
    """None of a model of which only the order means anything."""
    contributions: Floats | None = None
    """A row per row; a column per feature, and the starting point."""


def score(loaded: Loaded, columns: Columns, *, explain: bool = False) -> Scores:
    """Of every row; of columns that were judged (`columns_of`), or that the platform itself has."""
    model, matrix = loaded.model, loaded.encoding.matrix_of_values(columns)
    raw = model.ranker.raw_scores(matrix)
    return Scores(
        raw,
        model.chances(raw) if loaded.has_chances else None,
        model.ranker.contributions(matrix) if explain else None,
    )


def score_table(loaded: Loaded, table: pa.Table, *, explain: bool = False) -> Scores:
    """Of a table that has the model's features."""
    names = loaded.encoding.features.names
    return score(loaded, {name: table[name].to_pylist() for name in names}, explain=explain)


def contribution_names(loaded: Loaded) -> tuple[str, ...]:
    """Of the columns of contributions."""
    return (*loaded.encoding.features.names, START)


def columns_of(rows: Sequence[Row], features: FeatureSet) -> Columns:
    """Rows of features, judged, as columns. A RowsError says what is wrong with some."""
    names = set(features.names)
    if any(row.keys() != names for row in rows):
        raise RowsError(_other_fields(rows, names))
    columns = {spec.name: [row[spec.name] for row in rows] for spec in features.specs}
    problems: list[tuple[str, str]] = []
    for spec in features.specs:
        problems += [(f"rows.{at}.{spec.name}", problem) for at, problem in _first_wrong(spec, columns[spec.name])]
        if len(problems) >= MOST_PROBLEMS:
            break
    if problems:
        raise RowsError(problems[:MOST_PROBLEMS])
    return columns


def _other_fields(rows: Sequence[Row], names: set[str]) -> list[tuple[str, str]]:
    problems: list[tuple[str, str]] = []
    for at, row in enumerate(rows):
        missing, unknown = sorted(names - row.keys()), sorted(row.keys() - names)
        problems += [
            (f"rows.{at}.{name}", "The feature is missing; say null where it is not known.") for name in missing
        ]
        # An unknown name is somebody else's text: it is not repeated at length.
        problems += [(f"rows.{at}.{name[:60]}", "The model has no such feature.") for name in unknown]
        if len(problems) >= MOST_PROBLEMS:
            break
    return problems[:MOST_PROBLEMS]


_ASKED = {"number": "It should be a finite number or null.", "flag": "It should be true, false or null."}
_TEXT = f"It should be a text of up to {LONGEST_TEXT:,} characters or null."
_TYPES: Mapping[str, frozenset[type]] = {
    "number": frozenset({int, float, type(None)}),
    "flag": frozenset({bool, type(None)}),
    "category": frozenset({str, type(None)}),
}


def _first_wrong(spec: FeatureSpec, values: Sequence[Any]) -> list[tuple[int, str]]:
    """Places of wrong values; most columns have none, and are looked at twice, quickly."""
    if {*map(type, values)} <= _TYPES[spec.kind] and _is_in_range(spec, values):
        return []
    asked = _ASKED.get(spec.kind, _TEXT)
    wrong = (at for at, value in enumerate(values) if not _fits(spec, value))
    return [(at, asked) for at, _ in zip(wrong, range(MOST_PROBLEMS), strict=False)]


def _is_in_range(spec: FeatureSpec, values: Sequence[Any]) -> bool:
    if spec.kind == "number":
        return all(map(math.isfinite, (value for value in values if value is not None)))
    return spec.kind == "flag" or max((len(value) for value in values if value), default=0) <= LONGEST_TEXT


def _fits(spec: FeatureSpec, value: Any) -> bool:
    if type(value) not in _TYPES[spec.kind]:
        return False
    if spec.kind == "number":
        return value is None or math.isfinite(value)
    return spec.kind == "flag" or value is None or len(value) <= LONGEST_TEXT
