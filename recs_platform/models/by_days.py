"""Examples shared out in the order of time: the newest days judge, and a fifth of the customers calibrate.

Not here: which days are which window (`windows.py`).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pyarrow.compute as pc

from recs_platform.models.data import Examples, joined
from recs_platform.models.features import Bools
from recs_platform.models.manifest import Manifest
from recs_platform.models.sampling import keep
from recs_platform.models.settings import FitSettings, TrainingSettings
from recs_platform.models.splits import Divided, Shares, SplitRule, stored_window
from recs_platform.models.windows import WANTED, WINDOWS, DayCounts, Split, Windows

CALIBRATING_SHARE = 0.2


@dataclass(frozen=True)
class ByDays:
    stored: None = None

    def divide(self, examples: Examples, settings: FitSettings) -> Divided:
        if not isinstance(settings, TrainingSettings):
            raise TypeError("a split by days needs settings that have days: TrainingSettings")
        windows = Windows.of(
            DayCounts.of(examples.days, examples.labels),
            validation_days=settings.validation_days,
            test_days=settings.test_days,
            gap_days=settings.gap_days,
        )
        split = windows.split(examples)
        stored = {name: stored_window(getattr(windows, name), getattr(split, name)) for name in WINDOWS}
        return Divided(split, shared_out(split, settings.seed), windows, stored)

    def apart(self, examples: Examples, settings: FitSettings) -> Bools:
        return held_customers(examples, settings.seed)

    def head_start(self, champion: Manifest, test: Examples) -> str:
        """Says when the active model knew the test's days: that happens when an old day is trained again."""
        learned = champion.learned_until
        if learned < test.first:
            return ""
        return f" The active model had learned from days up to {learned}, so it had an advantage."


BY_DAYS: SplitRule = ByDays()


def shared_out(split: Split, seed: int) -> Shares:
    """A fifth of the customers say what a score is worth: by their rows of the validation window and, while those hold
    fewer than `WANTED` successes, by those of the days before it, which then teach nothing. Older mailers are of other
    kinds, so a handful of successes of the newest one would not do. All others of the validation window say when to
    stop.
    """
    is_held = [held_customers(part, seed) for part in (split.train, split.validation)]
    lacking = WANTED - int(split.validation.labels[is_held[1]].sum())
    apart = is_held[0] & (split.train.days >= _day_holding(lacking, split.train.where(is_held[0])))
    stopping = split.validation.where(~is_held[1])
    calibrating = joined(split.train.where(apart), split.validation.where(is_held[1]))
    if any(part.is_one_sided for part in (split.train.where(~apart), stopping, calibrating)):
        return Shares(np.ones(len(split.train), np.bool_), split.validation, None)
    return Shares(~apart, stopping, calibrating)


def held_customers(examples: Examples, seed: int) -> Bools:
    """The fifth of the customers whose rows teach nothing."""
    customers = pc.unique(examples.groups)
    held = keep(customers.to_pylist(), np.zeros(len(customers), np.bool_), CALIBRATING_SHARE, f"calibrate {seed}")
    is_held: Bools = held[pc.index_in(examples.groups, value_set=customers).to_numpy()]
    return is_held


def _day_holding(successes: int, examples: Examples) -> np.datetime64:
    """The day from which on examples hold so many successes, or their first day; the day after all when none are
    asked for."""
    if successes <= 0 or not len(examples):
        return np.datetime64("9999-12-31")
    from_there = np.cumsum(examples.labels[::-1])[::-1] >= successes
    first: np.datetime64 = examples.days[int(from_there.sum()) - 1 if from_there.any() else 0]
    return first
