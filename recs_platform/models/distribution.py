"""How a column's values are spread over bins: kept with a model, so that drift can be told from its manifest alone."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TypeAlias

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from recs_platform.models.features import Column, Encoding, FeatureSpec, Floats, numbers

BINS = 20
Weekdays: TypeAlias = npt.NDArray[np.int64]
"""Of each row, Monday being 0."""


def weekdays_of(days: Column) -> Weekdays:
    weekdays: Weekdays = pc.day_of_week(days).to_numpy()
    return weekdays


@dataclass(frozen=True)
class Distribution:
    """Shares of rows. They and the share of missing values add up to 1."""

    missing: float
    shares: tuple[float, ...]
    """Of each bin. Numbers have one bin more than edges; categories one more, for those that training never saw."""
    edges: tuple[float, ...] | None = None
    """Upper bounds, inclusive, of all bins but the last one, which is open."""
    categories: tuple[str, ...] | None = None
    weekdays: tuple[tuple[float, ...], ...] = ()
    """Of each weekday, Monday first, the shares and then the missing values; nothing for a weekday without rows."""

    def on(self, weekdays: Weekdays) -> Distribution | None:
        """As rows of these weekdays were spread; None when one of them had no rows.

        >>> monday, tuesday = (0.75, 0.25, 0.0), (0.25, 0.75, 0.0)
        >>> week = Distribution(0.0, (0.7, 0.3), (5.0,), weekdays=(monday, tuesday, (), (), (), (), ()))
        >>> week.on(np.array([0, 1, 1, 1])).shares
        (0.375, 0.625)
        >>> week.on(np.array([0, 2])) is None
        True
        """
        rows = np.bincount(weekdays, minlength=7)
        used = [(int(n), day) for n, day in zip(rows, self.weekdays, strict=False) if n]
        if len(used) < np.count_nonzero(rows) or not all(day for _, day in used):
            return None
        *shares, missing = np.average([day for _, day in used], axis=0, weights=[n for n, _ in used]).tolist()
        return replace(self, shares=tuple(shares), missing=missing, weekdays=())

    def with_weekdays(self, column: Column, weekdays: Weekdays) -> Distribution:
        """And how the rows of each weekday are spread over the same bins."""
        spreads = []
        for day in range(7):
            mine = weekdays == day
            spread = self.like(column.filter(pa.array(mine)))
            spreads.append((*spread.shares, spread.missing) if mine.any() else ())
        return replace(self, weekdays=tuple(spreads))

    def like(self, column: Column) -> Distribution:
        """How another column of the same feature spreads over the same bins."""
        if self.categories is not None:
            return of_categories(column, self.categories)
        return of_numbers(numbers("values", column), self.edges or ())


def of_features(encoding: Encoding, table: pa.Table, weekdays: Weekdays) -> dict[str, Distribution]:
    columns = encoding.features.columns(table)
    return {
        spec.name: _of_feature(spec, encoding, columns[spec.name]).with_weekdays(columns[spec.name], weekdays)
        for spec in encoding.features.specs
    }


def of_numbers(values: Floats, edges: tuple[float, ...]) -> Distribution:
    """
    >>> of_numbers(np.array([1.0, 2.0, 3.0, np.nan]), (1.0, 2.5))
    Distribution(missing=0.25, shares=(0.25, 0.25, 0.25), edges=(1.0, 2.5), categories=None, weekdays=())
    """
    present = values[~np.isnan(values)]
    counts = np.bincount(np.searchsorted(edges, present, side="left"), minlength=len(edges) + 1)
    rows = max(len(values), 1)
    return Distribution((len(values) - len(present)) / rows, tuple((counts / rows).tolist()), edges)


def of_categories(column: Column, categories: tuple[str, ...]) -> Distribution:
    values = column.cast(pa.string())
    codes = pc.index_in(values, value_set=pa.array(categories, pa.string())).fill_null(len(categories)).to_numpy()
    counts = np.bincount(codes, minlength=len(categories) + 1)
    counts[-1] -= values.null_count
    rows = max(len(values), 1)
    return Distribution(values.null_count / rows, tuple((counts / rows).tolist()), categories=categories)


def quantile_edges(values: Floats, bins: int = BINS) -> tuple[float, ...]:
    """Edges for bins of about equal weight; fewer, where many rows share a value.

    Where that value is the greatest, it gets a bin of its own: otherwise a column that is mostly at its limit, or
    always the same, would have one bin, in which no change could show.

    >>> quantile_edges(np.arange(1.0, 9.0), bins=4)
    (2.0, 4.0, 6.0)
    >>> quantile_edges(np.array([0.0, 1.0, 1.0, 1.0]), bins=2)
    (0.9999999999999999, 1.0)
    """
    present = values[~np.isnan(values)]
    if not len(present):
        return ()
    edges = np.unique(np.quantile(present, np.arange(1, bins) / bins, method="inverted_cdf"))
    if edges[-1] == present.max():
        edges = np.unique(np.append(edges, np.nextafter(edges[-1], -np.inf)))
    return tuple(edges.tolist())


def _of_feature(spec: FeatureSpec, encoding: Encoding, column: Column) -> Distribution:
    if spec.kind == "category":
        return of_categories(column, encoding.vocabularies[spec.name])
    values = numbers(spec.name, column)
    return of_numbers(values, (0.5,) if spec.kind == "flag" else quantile_edges(values))
