"""The ordered list of features, and how a table of them becomes the matrix that models read.

One `FeatureSet` is used by training, scoring, drift and explanation. Not here: how a feature is computed (`sql/`).
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Literal, TypeAlias, cast

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from recs_platform.errors import UserError

Floats: TypeAlias = npt.NDArray[np.float64]
Bools: TypeAlias = npt.NDArray[np.bool_]
Column: TypeAlias = "pa.ChunkedArray[Any]"
Kind: TypeAlias = Literal["number", "category", "flag"]

MOST_CATEGORIES = 200
"""A feature's most frequent categories, which a model tells apart; the others count as never seen."""
_NAME = re.compile(r"[a-z][a-z0-9_]*")


class FeatureError(UserError):
    """The features that are there are not the ones that a model needs."""


@dataclass(frozen=True)
class FeatureSpec:
    name: str
    kind: Kind
    description: str

    def __post_init__(self) -> None:
        if not _NAME.fullmatch(self.name):
            raise ValueError(f"{self.name!r}: a feature's name is lower case letters, digits and underscores")


@dataclass(frozen=True)
class FeatureSet:
    """The features in the order of the matrix's columns."""

    specs: tuple[FeatureSpec, ...]

    def __post_init__(self) -> None:
        twice = sorted({name for name in self.names if self.names.count(name) > 1})
        if twice or not self.specs:
            raise ValueError(f"features named twice: {', '.join(twice)}" if twice else "a feature set needs a feature")

    @property
    def names(self) -> tuple[str, ...]:
        return tuple(spec.name for spec in self.specs)

    def columns(self, table: pa.Table) -> pa.Table:
        """The table's features, found by name and put in order; other columns are left out."""
        missing = [name for name in self.names if name not in table.column_names]
        if missing:
            raise FeatureError(
                f"the table has no column for: {', '.join(missing)}. "
                "Materialize the features with the code that trains and scores"
            )
        for spec in self.specs:
            if table.column_names.count(spec.name) > 1:
                raise FeatureError(f"{spec.name}: the table has this column twice. Leave one")
            if not _fits(spec.kind, table.schema.field(spec.name).type):
                column_type = table.schema.field(spec.name).type
                raise FeatureError(
                    f"{spec.name}: the column is of type {column_type}, but the feature is a {spec.kind}"
                )
        return table.select(list(self.names))

    def require_same(self, stored: Sequence[FeatureSpec]) -> None:
        """Refuse a model that was made for other features, or for these in another order."""
        for place, (theirs, ours) in enumerate(zip(stored, self.specs, strict=False), start=1):
            if (theirs.name, theirs.kind) != (ours.name, ours.kind):
                raise FeatureError(
                    f"feature {place} of the model is {theirs.name} ({theirs.kind}), "
                    f"but the code declares {ours.name} ({ours.kind})"
                )
        if len(stored) != len(self.specs):
            raise FeatureError(f"the model has {len(stored)} features, but the code declares {len(self.specs)}")


@dataclass(frozen=True)
class Encoding:
    """What training saw of the features: enough to give models the same numbers for the same rows ever after."""

    features: FeatureSet
    vocabularies: Mapping[str, tuple[str, ...]]
    """By category: its values, in the order of their codes."""
    fills: Mapping[str, float] = field(default_factory=dict)
    """By number or flag that training never missed: what a missing one counts as. No model has learned what its absence
    means, and LightGBM would take it for zero."""

    @classmethod
    def fit(cls, features: FeatureSet, table: pa.Table, kept: Bools | None = None) -> Encoding:
        """From the training window. Models are fitted to the rows that are `kept` of it, or to all."""
        chosen = features.columns(table)
        vocabularies: dict[str, tuple[str, ...]] = {}
        fills: dict[str, float] = {}
        for spec in features.specs:
            if spec.kind == "category":
                vocabularies[spec.name] = _vocabulary(chosen[spec.name])
                continue
            values = numbers(spec.name, chosen[spec.name])
            absent = np.isnan(values)
            # Whether a model learns from missing values is decided by the rows that it is fitted to.
            if not absent.all() and not (absent if kept is None else absent[kept]).any():
                fills[spec.name] = _middle(values[~absent])
        return cls(features, vocabularies, fills)

    def matrix(self, table: pa.Table) -> Floats:
        """A row per row, a column per feature: numbers, 0 or 1 for a flag, a code for a category.

        NULL is NaN, or the feature's fill where it has one. A category that training never saw is NaN too, so a model
        treats it as it treats a missing one.
        Infinite numbers are refused: no model has learned what they mean.
        """
        chosen = self.features.columns(table)
        # Each column is contiguous: so it is written, and so rankers read many rows.
        matrix = np.empty((chosen.num_rows, len(self.features.specs)), order="F")
        for place, spec in enumerate(self.features.specs):
            matrix[:, place] = self._column(spec, chosen[spec.name])
        return matrix

    def matrix_of_values(self, columns: Mapping[str, Sequence[Any]]) -> Floats:
        """The same matrix, to the last bit, out of plain values that somebody has judged: of a few rows in a twentieth
        of the time that a table takes."""
        first = self.features.names[0]
        matrix = np.empty((len(columns[first]), len(self.features.specs)))
        for place, spec in enumerate(self.features.specs):
            values = columns[spec.name]
            if spec.kind == "category":
                codes = self._codes[spec.name]
                matrix[:, place] = [codes.get(value, np.nan) for value in values]
                continue
            plain, fill = np.array(values, dtype=np.float64), self.fills.get(spec.name)
            matrix[:, place] = plain if fill is None else np.where(np.isnan(plain), fill, plain)
        return matrix

    @cached_property
    def _codes(self) -> Mapping[str, Mapping[Any, float]]:
        return {name: {value: float(code) for code, value in enumerate(of)} for name, of in self.vocabularies.items()}

    def _column(self, spec: FeatureSpec, column: Column) -> Floats:
        if spec.kind != "category":
            values = numbers(spec.name, column)
            fill = self.fills.get(spec.name)
            return values if fill is None else np.where(np.isnan(values), fill, values)
        vocabulary = pa.array(self.vocabularies[spec.name], pa.string())
        return np.asarray(pc.index_in(column.cast(pa.string()), value_set=vocabulary).cast(pa.float64()).to_numpy())


def numbers(name: str, column: Column) -> Floats:
    """A column of numbers or flags as floats, NULL as NaN."""
    # Arrow has no cast from a flag to a float.
    plain = column.cast(pa.int8()) if pa.types.is_boolean(column.type) else column
    values = cast(Floats, plain.cast(pa.float64(), safe=False).to_numpy())
    if np.isinf(values).any():
        raise FeatureError(f"{name}: the column holds an infinite number. Make it NULL or finite where it is computed")
    return values


def tamed(values: Floats) -> Floats:
    """Numbers by their order of magnitude, with their sign: ten times as much is not ten times as likely.

    >>> tamed(np.array([-1.0, 0.0, 99.0])).round(3).tolist()
    [-0.693, 0.0, 4.605]
    """
    by_magnitude: Floats = np.sign(values) * np.log1p(np.abs(values))
    return by_magnitude


def _fits(kind: Kind, column_type: pa.DataType) -> bool:
    types = pa.types
    if types.is_null(column_type):
        return True
    if kind == "flag":
        return types.is_boolean(column_type)
    if kind == "number":
        return types.is_integer(column_type) or types.is_floating(column_type) or types.is_decimal(column_type)
    return types.is_string(column_type) or types.is_large_string(column_type) or types.is_dictionary(column_type)


def _middle(values: Floats) -> float:
    """The median, of an even number of values the lower one in the middle; of flags the more frequent, or False.

    >>> _middle(np.array([4.0, 1.0, 3.0, 2.0])), _middle(np.array([1.0, 0.0, 1.0])), _middle(np.array([1.0, 0.0]))
    (2.0, 1.0, 0.0)
    """
    return float(np.quantile(values, 0.5, method="inverted_cdf"))


def _vocabulary(column: Column) -> tuple[str, ...]:
    counts = pc.value_counts(column.cast(pa.string()).drop_null())
    names, often = counts.field("values").to_pylist(), counts.field("counts").to_numpy()
    ranked = sorted((-int(count), str(name)) for name, count in zip(names, often, strict=True))
    return tuple(sorted(name for _, name in ranked[:MOST_CATEGORIES]))
