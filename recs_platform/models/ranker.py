"""What a ranker can do, and what a kind of ranker is.

A ranker reads the encoding's matrix and gives raw scores: log-odds of the sample that it learned from, or an order.

Not here: which kinds there are (kinds.py), and tables, batches and the correction for left-out failures (model.py).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Protocol, TypeAlias

from recs_platform.models.data import Ints
from recs_platform.models.features import Bools, Encoding, Floats
from recs_platform.models.settings import FitSettings

FitReport: TypeAlias = Mapping[str, int | bool]
"""How a fit went, for the manifest."""


class Ranker(Protocol):
    @property
    def kind(self) -> str:
        """The name of its kind."""
        ...

    @property
    def features(self) -> int:
        """How many features it reads."""
        ...

    def raw_scores(self, matrix: Floats) -> Floats:
        """Each from its own row alone: batches give the same bits as the whole. Log-odds, or, of a kind that learns
        order alone, whatever puts rows in it."""
        ...

    def contributions(self, matrix: Floats) -> Floats:
        """What each feature adds to a row's raw score; the last column is the model's starting point."""
        ...

    def importance(self) -> Floats:
        """Each feature's share of what the model makes of its features; zeros when it makes nothing of them."""
        ...

    def content(self) -> bytes:
        """The model's file, from which it can be loaded again."""
        ...


@dataclass(frozen=True)
class FitData:
    """What all kinds of a training are fitted to."""

    encoding: Encoding
    train: tuple[Floats, Bools]
    validation: tuple[Floats, Bools]
    kept: float
    """Share of the training window's failures that `train` holds; `validation` holds all."""
    train_lists: Ints
    """A number per list, such as a customer's, of each row of `train`."""
    validation_lists: Ints
    length: int | None = None
    """The first places of a list by which its order is judged; None where chances are judged."""
    train_weights: Floats | None = None
    """How much each row counts in what chances are learned from; None where all count the same."""
    validation_weights: Floats | None = None
    _fitted: dict[str, tuple[Ranker, FitReport]] = field(default_factory=dict, repr=False)

    def fitted(self, kind: RankerKind, settings: FitSettings, threads: int) -> tuple[Ranker, FitReport]:
        """Each kind is fitted once, by the same settings, however many others are made of it."""
        if kind.name not in self._fitted:
            self._fitted[kind.name] = kind.fit(self, settings, threads)
        return self._fitted[kind.name]


Fit: TypeAlias = Callable[[FitData, FitSettings, int], tuple[Ranker, FitReport]]
"""The last argument is how many threads may work, which changes no bit of the ranker."""
Read: TypeAlias = Callable[[bytes, int], Ranker]
"""A ranker from its file, to score with so many threads. A ValueError, TypeError or KeyError says what is wrong with a
file that no ranker of the kind has written."""


@dataclass(frozen=True)
class RankerKind:
    name: str
    """Stands in manifests, so it never changes."""
    title: str
    """For people."""
    file: str
    """The file of the artifact that holds the ranker."""
    fit: Fit
    read: Read


def shares(weights: Floats) -> Floats:
    total = weights.sum()
    return weights / total if total > 0 else weights
