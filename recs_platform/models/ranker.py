"""What every kind of model can do. It reads the encoding's matrix and speaks in log-odds of the sample it learned from.

Not here: tables, batches and the correction for left-out failures (`model.py`).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal, Protocol, TypeAlias

from recs_platform.models.features import Floats

RankerKind: TypeAlias = Literal["logistic", "boosted"]
Story: TypeAlias = Mapping[str, int | bool]
"""How a fit went, for the manifest."""


class Ranker(Protocol):
    @property
    def kind(self) -> RankerKind: ...

    def raw_scores(self, matrix: Floats) -> Floats:
        """Log-odds, each from its own row alone: batches give the same bits as the whole."""
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


def shares(weights: Floats) -> Floats:
    total = weights.sum()
    return weights / total if total > 0 else weights
