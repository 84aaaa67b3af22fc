"""Examples to learn from: features, whether it was a success, when, and for whom.

The table holds features as of the moment of each example, and only examples whose outcome is final: making it so is the
query's work, and this module cannot see whether it did. Not here: which days serve for what (`windows.py`).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from typing import TypeAlias, cast

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from recs_platform.errors import UserError
from recs_platform.models.distribution import Weekdays, weekdays_of
from recs_platform.models.features import Bools, Column, FeatureSet

DaysArray: TypeAlias = npt.NDArray[np.datetime64]
Ints: TypeAlias = npt.NDArray[np.int64]


class NotTrainableError(UserError):
    """These examples cannot train a model; whichever model is active stays so."""


@dataclass(frozen=True)
class Columns:
    """Where a strategy's table says which example a row is, of which day, how it ended, and for whom it was."""

    example: str
    day: str
    label: str
    group: str
    subjects: tuple[str, ...] = ()
    """Columns that say what an example is about, such as the customer and the offer. Examples about the same one repeat
    its features, so together they say less than as many about different ones."""
    part: str | None = None
    """The column that says who learns, where that is given: `train`, `validation` or `test`."""


@dataclass(frozen=True)
class Examples:
    """Sorted by day and example, so that nothing depends on the order in which rows were read."""

    features: FeatureSet
    table: pa.Table
    """The features alone."""
    ids: Column
    days: DaysArray
    labels: Bools
    groups: Column
    """Whom the example is about: the list in which a ranking is judged."""
    subjects: Mapping[str, Column] = field(default_factory=dict)
    """By column; the day is one of them."""
    parts: Column | None = None
    """Who learns, where that is given."""

    def __len__(self) -> int:
        return len(self.labels)

    @property
    def is_one_sided(self) -> bool:
        """Without a success, or without a failure: nothing can be told apart by it."""
        return is_one_sided(self.labels)

    @property
    def positives(self) -> int:
        return int(self.labels.sum())

    @property
    def group_codes(self) -> Ints:
        """A number per group, from 0 on, in the order in which they come."""
        return pc.index_in(self.groups, value_set=pc.unique(self.groups)).to_numpy().astype(np.int64)

    @property
    def weekdays(self) -> Weekdays:
        return weekdays_of(pa.chunked_array([self.days]))

    @property
    def first(self) -> date:
        return cast(date, self.days[0].item())

    @property
    def last(self) -> date:
        return cast(date, self.days[-1].item())

    def where(self, chosen: Bools) -> Examples:
        mask = pa.array(chosen)
        return replace(
            self,
            table=self.table.filter(mask),
            ids=self.ids.filter(mask),
            days=self.days[chosen],
            labels=self.labels[chosen],
            groups=self.groups.filter(mask),
            subjects={name: column.filter(mask) for name, column in self.subjects.items()},
            parts=None if self.parts is None else self.parts.filter(mask),
        )


def is_one_sided(labels: Bools) -> bool:
    return int(labels.sum()) in (0, len(labels))


def examples(table: pa.Table, features: FeatureSet, columns: Columns) -> Examples:
    """Read a table with a row per example; refuse what cannot be learned from."""
    given = () if columns.part is None else (columns.part,)
    asked = (columns.example, columns.day, columns.label, columns.group, *columns.subjects, *given)
    named = tuple(dict.fromkeys(asked))
    absent = [name for name in named if name not in table.column_names]
    if absent:
        raise NotTrainableError(f"the table of examples has no column {', '.join(absent)}")
    if not table.num_rows:
        raise NotTrainableError("there are no examples. Widen the look-back, or wait until outcomes are final")
    for name in named:
        if table[name].null_count:
            raise NotTrainableError(f"{name} is NULL in {table[name].null_count} examples. Every example needs it")
    ordered = table.sort_by([(columns.day, "ascending"), (columns.example, "ascending")])
    ids = ordered[columns.example].cast(pa.string())
    _require_unique(ids, columns.example)
    return Examples(
        features=features,
        table=features.columns(ordered),
        ids=ids,
        days=ordered[columns.day].cast(pa.date32()).to_numpy(),
        labels=_labels(ordered[columns.label], columns.label),
        groups=ordered[columns.group].cast(pa.string()),
        subjects={name: ordered[name] for name in (*columns.subjects, columns.day)},
        parts=None if columns.part is None else ordered[columns.part].cast(pa.string()),
    )


def joined(older: Examples, newer: Examples) -> Examples:
    """Both, where every day of the one is before every day of the other."""
    return replace(
        newer,
        table=pa.concat_tables([older.table, newer.table]),
        ids=pa.chunked_array([*older.ids.chunks, *newer.ids.chunks], newer.ids.type),
        days=np.concatenate([older.days, newer.days]),
        labels=np.concatenate([older.labels, newer.labels]),
        groups=pa.chunked_array([*older.groups.chunks, *newer.groups.chunks], newer.groups.type),
        subjects={
            name: pa.chunked_array([*older.subjects[name].chunks, *column.chunks], column.type)
            for name, column in newer.subjects.items()
        },
    )


def _labels(column: Column, name: str) -> Bools:
    values = set(pc.unique(column).to_pylist())
    if not values <= {0, 1}:
        raise NotTrainableError(f"{name} is neither 0 nor 1 in some examples: {sorted(values - {0, 1}, key=str)[:3]}")
    labels: Bools = column.to_numpy().astype(np.bool_)
    return labels


def _require_unique(ids: Column, name: str) -> None:
    counts = pc.value_counts(ids)
    repeated = np.flatnonzero(counts.field("counts").to_numpy() > 1)
    if len(repeated):
        raise NotTrainableError(
            f"{len(repeated)} values of {name} stand in more than one example, such as "
            f"{counts.field('values')[int(repeated[0])]}. "
            "A join has repeated rows"
        )
