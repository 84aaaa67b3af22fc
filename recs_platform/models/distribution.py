"""How a column's values are spread over bins: kept with a model, so that drift can be told from its manifest alone."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from recs_platform.models.features import Column, Encoding, FeatureSpec, Floats, numbers

BINS = 20


@dataclass(frozen=True)
class Distribution:
    """Shares of rows. They and the share of missing values add up to 1."""

    missing: float
    shares: tuple[float, ...]
    """Of each bin. Numbers have one bin more than edges; categories one more, for those that training never saw."""
    edges: tuple[float, ...] | None = None
    """Upper bounds, inclusive, of all bins but the last one, which is open."""
    categories: tuple[str, ...] | None = None

    def like(self, column: Column) -> Distribution:
        """How another column of the same feature spreads over the same bins."""
        if self.categories is not None:
            return of_categories(column, self.categories)
        return of_numbers(numbers("values", column), self.edges or ())


def of_features(encoding: Encoding, table: pa.Table) -> dict[str, Distribution]:
    columns = encoding.features.columns(table)
    return {spec.name: _of_feature(spec, encoding, columns[spec.name]) for spec in encoding.features.specs}


def of_numbers(values: Floats, edges: tuple[float, ...]) -> Distribution:
    """
    >>> of_numbers(np.array([1.0, 2.0, 3.0, np.nan]), (1.0, 2.5))
    Distribution(missing=0.25, shares=(0.25, 0.25, 0.25), edges=(1.0, 2.5), categories=None)
    """
    known = values[~np.isnan(values)]
    counts = np.bincount(np.searchsorted(edges, known, side="left"), minlength=len(edges) + 1)
    rows = max(len(values), 1)
    return Distribution((len(values) - len(known)) / rows, tuple((counts / rows).tolist()), edges)


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
    known = values[~np.isnan(values)]
    if not len(known):
        return ()
    edges = np.unique(np.quantile(known, np.arange(1, bins) / bins, method="inverted_cdf"))
    if edges[-1] == known.max():
        edges = np.unique(np.append(edges, np.nextafter(edges[-1], -np.inf)))
    return tuple(edges.tolist())


def _of_feature(spec: FeatureSpec, encoding: Encoding, column: Column) -> Distribution:
    if spec.kind == "category":
        return of_categories(column, encoding.vocabularies[spec.name])
    values = numbers(spec.name, column)
    return of_numbers(values, (0.5,) if spec.kind == "flag" else quantile_edges(values))
