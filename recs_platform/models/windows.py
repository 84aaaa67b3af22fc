"""Which days train, which stop the training, and which compare models: always in the order of time.

    train ... | validation | gap | test

All bounds are days and inclusive. The test window is the newest; a model never sees it before it is compared. The gap
is the time that a label needs to become final: without it, outcomes from the days of the test window would have helped
to train the model. There is no gap before the validation window, whose figures decide nothing but when to stop.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

import numpy as np

from recs_platform.models.data import Examples, NotTrainableError

WINDOWS = ("train", "validation", "test")


@dataclass(frozen=True)
class Window:
    first: date
    last: date

    def __str__(self) -> str:
        return f"{self.first} to {self.last}"


@dataclass(frozen=True)
class Split:
    train: Examples
    validation: Examples
    test: Examples


@dataclass(frozen=True)
class Windows:
    train: Window
    validation: Window
    test: Window

    @classmethod
    def of(cls, first: date, last: date, *, validation_days: int, test_days: int, gap_days: int) -> Windows:
        """Counted in calendar days back from the last one; training has what is left.

        >>> windows = Windows.of(date(2026, 1, 1), date(2026, 1, 31), validation_days=5, test_days=7, gap_days=7)
        >>> print(windows.train, windows.validation, windows.test, sep=" | ")
        2026-01-01 to 2026-01-12 | 2026-01-13 to 2026-01-17 | 2026-01-25 to 2026-01-31
        """
        test = Window(last - timedelta(days=test_days - 1), last)
        validation_last = test.first - timedelta(days=gap_days + 1)
        validation = Window(validation_last - timedelta(days=validation_days - 1), validation_last)
        train = Window(first, validation.first - timedelta(days=1))
        if train.last < first:
            needed = validation_days + gap_days + test_days + 1
            have = (last - first).days + 1
            raise NotTrainableError(
                f"the examples span {have} days, {first} to {last}, but the windows need {needed}. "
                "Widen the look-back, or shorten the windows"
            )
        return cls(train, validation, test)

    def split(self, all_examples: Examples) -> Split:
        """The examples of each window; each needs successes and failures, or nothing could be learned or judged."""
        parts = {}
        for name in WINDOWS:
            window: Window = getattr(self, name)
            days = all_examples.days
            part = all_examples.where((days >= np.datetime64(window.first)) & (days <= np.datetime64(window.last)))
            if not len(part):
                raise NotTrainableError(f"no examples in the {name} window, {window}")
            if part.positives in (0, len(part)):
                only = "no" if part.positives == 0 else "only"
                raise NotTrainableError(
                    f"{only} successes among the {len(part)} examples of the {name} window, {window}"
                )
            parts[name] = part
        return Split(**parts)
