"""Which days train, which stop and calibrate, and which compare models: always in the order of time.

    train ... | validation | gap | test

All bounds are days and inclusive. The test window is the newest; a model never sees it before it is compared. The gap
is the time that a label needs to become final: without it, outcomes from the days of the test window would have helped
to train the model. There is no gap before the validation window, whose figures decide when to stop and how raw scores
become chances, and nothing of how good the model is said to be.

Where little is shown, or few things succeed, a week holds nothing to judge by. So a window counts its days from the
newest backwards and goes on, day by day, until it holds enough successes: `WANTED` where training keeps as many, and
otherwise half of that, and half again, down to `LEAST`. One large mailer may hold more than all before it: the first of
these that leaves training no fewer successes than the validation window is taken, if there is one. No day is in two
windows, and so is nobody's list of a day.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta

import numpy as np
import numpy.typing as npt

from recs_platform.models.data import DaysArray, Examples, NotTrainableError
from recs_platform.models.features import Bools

WINDOWS = ("train", "validation", "test")
WANTED = 100
"""Successes from which ROC AUC is known to about 0.03."""
LEAST = 10
"""Fewer tell nothing: ROC AUC would be known to 0.1 at best."""


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
class DayCounts:
    """The days that have examples, in order, and how many of each succeeded and failed."""

    days: DaysArray
    successes: npt.NDArray[np.int64]
    failures: npt.NDArray[np.int64]

    @classmethod
    def of(cls, days: DaysArray, labels: Bools) -> DayCounts:
        each, of = np.unique(days, return_inverse=True)
        successes = np.bincount(of, labels, minlength=len(each)).astype(np.int64)
        return cls(each, successes, np.bincount(of, minlength=len(each)) - successes)

    @property
    def first(self) -> date:
        first: date = self.days[0].item()
        return first

    @property
    def last(self) -> date:
        last: date = self.days[-1].item()
        return last

    def between(self, window: Window) -> tuple[int, int]:
        """Successes and failures."""
        chosen = (self.days >= np.datetime64(window.first)) & (self.days <= np.datetime64(window.last))
        return int(self.successes[chosen].sum()), int(self.failures[chosen].sum())

    def back_from(self, last: date, *, days: int, successes: int) -> Window | None:
        """The shortest window up to a day that spans so many days and holds so many successes, and a failure; None when
        all days before it hold too few."""
        place = int(np.searchsorted(self.days, np.datetime64(last), side="right"))
        backwards = slice(place - 1, None, -1) if place else slice(0, 0)
        enough = (np.cumsum(self.successes[backwards]) >= successes) & (np.cumsum(self.failures[backwards]) >= 1)
        if not enough.any():
            return None
        filled: date = self.days[backwards][int(np.argmax(enough))].item()
        return Window(min(filled, last - timedelta(days=days - 1)), last)


@dataclass(frozen=True)
class Windows:
    train: Window
    validation: Window
    test: Window

    @classmethod
    def of(cls, counts: DayCounts, *, validation_days: int, test_days: int, gap_days: int) -> Windows:
        """Of at least so many calendar days each, back from the last one; training has what is left.

        A success and a failure every day would fill a window of 10 in 10 days:

        >>> days = np.arange("2026-01-01", "2026-02-15", dtype="datetime64[D]")
        >>> counts = DayCounts(days, np.ones(45, int), np.ones(45, int))
        >>> windows = Windows.of(counts, validation_days=5, test_days=7, gap_days=7)
        >>> print(windows.train, windows.validation, windows.test, sep=" | ")
        2026-01-01 to 2026-01-14 | 2026-01-15 to 2026-01-26 | 2026-02-03 to 2026-02-14
        """
        found = cls._filled(counts, validation_days, test_days, gap_days)
        if found is None:
            raise NotTrainableError(_too_little(counts, validation_days + gap_days + test_days + 1))
        return found

    @classmethod
    def _filled(cls, counts: DayCounts, validation_days: int, test_days: int, gap_days: int) -> Windows | None:
        unbalanced = None
        for successes in _wanted():
            test = counts.back_from(counts.last, days=test_days, successes=successes)
            if test is None:
                continue
            known = test.first - timedelta(days=gap_days + 1)
            validation = counts.back_from(known, days=validation_days, successes=successes)
            if validation is None:
                continue
            train = Window(counts.first, validation.first - timedelta(days=1))
            learned, failed = counts.between(train)
            if learned < successes or not failed:
                continue
            windows = cls(train, validation, test)
            if learned >= counts.between(validation)[0]:
                return windows
            unbalanced = unbalanced or windows
        return unbalanced

    def split(self, all_examples: Examples) -> Split:
        """The examples of each window."""
        parts = {}
        for name in WINDOWS:
            window: Window = getattr(self, name)
            days = all_examples.days
            chosen = (days >= np.datetime64(window.first)) & (days <= np.datetime64(window.last))
            parts[name] = all_examples.where(chosen)
        return Split(**parts)


def _wanted() -> Iterator[int]:
    successes = WANTED
    while successes > LEAST:
        yield successes
        successes //= 2
    yield LEAST


def _too_little(counts: DayCounts, days: int) -> str:
    """What there is, what is needed, and what helps."""
    span, successes, failures = (counts.last - counts.first).days + 1, counts.successes.sum(), counts.failures.sum()
    there = f"the examples span {span} days, {counts.first} to {counts.last}, with {successes:,} successes among "
    there += f"{successes + failures:,}"
    if not failures:
        return f"{there}: only successes, which leaves nothing to tell apart"
    return (
        f"{there}; the windows need {days} days, and training, validation and test {LEAST} successes each. "
        "Widen the look-back, or wait until more outcomes are final"
    )
