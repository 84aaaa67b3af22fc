"""How many independent rows a sample is worth as evidence, when many of its rows are about the same subject.

A customer's examples repeat the customer's features, and all examples about an offer repeat the offer's: 5,000
impressions of 60 offers say of discounts what 60 rows would. Not here: what is made of it (drift.py).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from recs_platform.models.distribution import Distribution, weekdays_of
from recs_platform.models.features import Column, Floats
from recs_platform.models.manifest import StoredWindow

_TAILS = 0.1
"""Shares below it, or above its opposite, are too few rows to see from them how alike subjects are."""


@dataclass(frozen=True)
class Sizes:
    """Independent rows in training and now."""

    then: float
    now: float


def sizes(subjects: tuple[str, ...], window: StoredWindow, rows: pa.Table, indicators: Floats | None = None) -> Sizes:
    """Of what is about all of the subjects at once.

    If all rows about a customer were alike, and all about an offer, they would be worth as many as there are customers
    or offers, whichever are fewer. They are worth more as far as they are seen to differ. In training they were as
    alike as they are now.
    """
    now = {subject: independent_rows(rows_of_each(rows[subject])) for subject in subjects}
    size = min(now.values())
    if len(subjects) > 1 and indicators is not None and indicators.shape[1]:
        size = max(size, clustered_rows(indicators, [rows[subject] for subject in subjects]))
    # Of a model whose subjects were not counted, training is at least as many rows as now.
    growth = min(window.independent.get(subject, now[subject]) / now[subject] for subject in subjects)
    return Sizes(size * growth, size)


def indicators(values: Floats, distribution: Distribution) -> Floats:
    """A column per edge between bins: whether the value is at most that. Only edges that divide the rows well."""
    present = values[~np.isnan(values)]
    edges = np.array(distribution.edges or ())
    share = np.searchsorted(np.sort(present), edges, side="right") / max(len(present), 1)
    chosen = edges[(share >= _TAILS) & (share <= 1 - _TAILS)]
    is_at_most: Floats = (values[:, None] <= chosen[None, :]).astype(np.float64)
    return is_at_most


def sizes_of_groups(columns: tuple[str, ...], rows: pa.Table) -> Sizes:
    """Of a feature that has one value for all rows with the same values in these columns. In training they were the
    same few groups."""
    counts = rows.group_by(list(columns)).aggregate([([], "count_all")])["count_all"].to_numpy()
    size = independent_rows(counts)
    return Sizes(size, size)


def rows_per_usual_day(window: StoredWindow, rows: pa.Table, day: str) -> list[float]:
    """In training, of the days that had any rows, a busy one counting more than a quiet one: of all days, and of the
    weekdays of these rows if training had them all. `day` is the column with the day."""
    calendar = (window.last - window.first).days + 1
    every = window.rows / window.independent.get(day, calendar)
    same = np.array(window.per_weekday)[weekdays_of(pc.unique(rows[day]))]
    return [every, float(same.sum() / independent_rows(same))] if same.all() else [every]


def independent_rows(rows_per_customer: npt.ArrayLike) -> float:
    """Kish's effective size, (sum n)^2 / sum n^2: of rows that are all alike within a customer. Where they are not
    quite alike, it is on the careful side.

    Two customers with one row each are two; a third with ten rows adds little.

    >>> independent_rows([1, 1]), round(independent_rows([1, 1, 10]), 2)
    (2.0, 1.41)
    """
    counts = np.asarray(rows_per_customer, dtype=np.float64)
    return float(counts.sum() ** 2 / (counts**2).sum()) if counts.any() else 0.0


def rows_of_each(subjects: Column) -> Floats:
    """How many rows each customer, offer or day has."""
    counts: Floats = pc.value_counts(subjects).field("counts").to_numpy().astype(np.float64)
    return counts


def rows_a_day(days: Column) -> float:
    """Of the days that have any, a busy one counting more than a quiet one; 0 without rows.

    >>> import pyarrow as pa
    >>> rows_a_day(pa.chunked_array([[1, 2, 2, 2]]))  # (1 x 1 + 3 x 3) / 4
    2.5
    """
    return len(days) / independent_rows(rows_of_each(days)) if len(days) else 0.0


def clustered_rows(indicators: Floats, subjects: Iterable[Column]) -> float:
    """How many independent rows tell as much as these rows about shares, when rows about the same customer and rows
    about the same offer are alike as far as they are seen to be: not wholly, as Kish's size has it.

    `indicators` has a row per row and a column per share, of 0 and 1. The variance of a share is that of Cameron,
    Gelbach and Miller (2011) for clusters that cross; the share on which clusters tell most decides.

    Two offers, one all of zeros and one all of ones, are two rows however often they are shown; two that are alike are
    as many as their rows:

    >>> import pyarrow as pa
    >>> offers = pa.chunked_array([["a", "a", "b", "b"]])
    >>> clustered_rows(np.array([[0.0], [0.0], [1.0], [1.0]]), [offers])
    2.0
    >>> clustered_rows(np.array([[0.0], [1.0], [0.0], [1.0]]), [offers])
    4.0
    """
    rows = len(indicators)
    mean = indicators.mean(axis=0) if rows else np.empty(0)
    used = (mean > 0) & (mean < 1)
    if not used.any():
        return float(rows)
    indicators, mean = indicators[:, used], mean[used]
    alone = rows * mean * (1 - mean)
    off = indicators - mean
    together = alone + sum(_between(off, column) - alone for column in subjects)
    return float(rows / np.maximum(together / alone, 1.0).max())


def _between(off: Floats, subjects: Column) -> Floats:
    """The sum of squares of the subjects' own sums, for each column."""
    place = pc.index_in(subjects, value_set=pc.unique(subjects)).to_numpy()
    sums = np.stack([np.bincount(place, column) for column in off.T], axis=1)
    squares: Floats = (sums**2).sum(axis=0)
    return squares
