"""What a rule says that shares examples out: who teaches, who says when to stop, and on whom models are compared.

Not here: the rules (`by_days.py`, `by_groups.py`).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol

import pyarrow as pa

from recs_platform.models.data import Examples
from recs_platform.models.features import Bools
from recs_platform.models.manifest import Manifest, StoredWindow
from recs_platform.models.sample_size import independent_rows, rows_a_day, rows_of_each
from recs_platform.models.settings import FitSettings
from recs_platform.models.windows import Split, Window, Windows


@dataclass(frozen=True)
class Shares:
    """Who does what of the examples that come before the judgement."""

    fitting: Bools
    """Of the rows of the training window."""
    stopping: Examples
    calibrating: Examples | None
    """None where the others would lack successes or failures, or nobody calibrates."""


@dataclass(frozen=True)
class Divided:
    split: Split
    shares: Shares
    windows: Windows
    stored: Mapping[str, StoredWindow]
    """The windows as the manifest has them."""


class SplitRule(Protocol):
    @property
    def stored(self) -> dict[str, Any] | None:
        """The rule as the manifest has it; None of a split by days."""
        ...

    def divide(self, examples: Examples, settings: FitSettings, /) -> Divided:
        """Raises NotTrainableError where a part would have nothing to tell."""
        ...

    def apart(self, examples: Examples, settings: FitSettings, /) -> Bools:
        """Which examples say when to stop when the model that serves is fitted to all others."""
        ...

    def head_start(self, champion: Manifest, test: Examples, /) -> str:
        """A sentence where the active model may have learned from the examples of the test; nothing otherwise."""
        ...


def stored_window(window: Window, examples: Examples) -> StoredWindow:
    independent = {name: independent_rows(rows_of_each(column)) for name, column in examples.subjects.items()}
    days, weekdays = pa.chunked_array([examples.days]), examples.weekdays
    per_weekday = tuple(rows_a_day(days.filter(pa.array(weekdays == weekday))) for weekday in range(7))
    return StoredWindow(window.first, window.last, len(examples), examples.positives, independent, per_weekday)
