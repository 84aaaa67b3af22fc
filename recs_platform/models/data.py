"""Examples to learn from: features, whether it was a success, when, and for whom.

The table holds features as of the moment of each example, and only examples whose outcome is final: making it so is the
query's work, and this module cannot see whether it did. Not here: which days serve for what (`windows.py`).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from typing import Any, TypeAlias, cast

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
    list: str | None = None
    """What tells the lists of one group apart, such as the order that was foreseen; without it each group is a list."""
    weight: str | None = None
    """How much each example counts in what chances are learned from, above 0; without it all count the same."""

    @property
    def given(self) -> dict[str, str]:
        """The columns that only some tasks have: what each is, and its name."""
        named = {"parts": self.part, "listed": self.list, "weights": self.weight}
        return {what: name for what, name in named.items() if name is not None}


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
    listed: Column | None = None
    """Which of its group's lists it stands in, where there are several."""
    weights: Column | None = None

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
    def list_codes(self) -> Ints:
        """A number per list, from 0 on."""
        if self.listed is None:
            return self.group_codes
        of_list = pc.index_in(self.listed, value_set=pc.unique(self.listed)).to_numpy().astype(np.int64)
        both = self.group_codes * (int(of_list.max(initial=0)) + 1) + of_list
        codes: Ints = np.unique(both, return_inverse=True)[1].astype(np.int64)
        return codes

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
            **cast(Any, {what: column.filter(mask) for what, column in self.given.items()}),
        )

    @property
    def given(self) -> dict[str, Column]:
        """What only some tasks have."""
        named = {"parts": self.parts, "listed": self.listed, "weights": self.weights}
        return {what: column for what, column in named.items() if column is not None}


def is_one_sided(labels: Bools) -> bool:
    return int(labels.sum()) in (0, len(labels))


def examples(table: pa.Table, features: FeatureSet, columns: Columns) -> Examples:
    """Read a table with a row per example; refuse what cannot be learned from."""
    given = columns.given
    asked = (columns.example, columns.day, columns.label, columns.group, *columns.subjects, *given.values())
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
    if columns.weight is not None and not (ordered[columns.weight].to_numpy() > 0).all():
        raise NotTrainableError(f"{columns.weight} is not above 0 in some examples. Leave out what must not count")
    return Examples(
        features=features,
        table=features.columns(ordered),
        ids=ids,
        days=ordered[columns.day].cast(pa.date32()).to_numpy(),
        labels=_labels(ordered[columns.label], columns.label),
        groups=ordered[columns.group].cast(pa.string()),
        subjects={name: ordered[name] for name in (*columns.subjects, columns.day)},
        **{what: ordered[name].cast(_TYPES[what]) for what, name in given.items()},
    )


_TYPES = {"parts": pa.string(), "listed": pa.string(), "weights": pa.float64()}


def joined(older: Examples, newer: Examples) -> Examples:
    """Both, where every day of the one is before every day of the other."""
    return replace(
        newer,
        table=pa.concat_tables([older.table, newer.table]),
        ids=_both(older.ids, newer.ids),
        days=np.concatenate([older.days, newer.days]),
        labels=np.concatenate([older.labels, newer.labels]),
        groups=_both(older.groups, newer.groups),
        subjects={name: _both(older.subjects[name], column) for name, column in newer.subjects.items()},
        **cast(Any, {what: _both(older.given[what], column) for what, column in newer.given.items()}),
    )


def _both(older: Column, newer: Column) -> Column:
    return pa.chunked_array([*older.chunks, *newer.chunks], newer.type)


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
