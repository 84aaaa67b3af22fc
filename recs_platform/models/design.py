"""How a task's models come about: how examples are shared out, by what models are judged, and how one is chosen."""

from __future__ import annotations

from dataclasses import dataclass

from recs_platform.models.by_days import BY_DAYS
from recs_platform.models.chances import CHANCES
from recs_platform.models.choice import SIMPLEST, Choice
from recs_platform.models.list_order import ListOrder
from recs_platform.models.manifest import Manifest
from recs_platform.models.measure import AnyMeasure
from recs_platform.models.splits import SplitRule


@dataclass(frozen=True)
class Design:
    split: SplitRule = BY_DAYS
    measure: AnyMeasure = CHANCES
    choice: Choice = SIMPLEST

    @property
    def manifest_format(self) -> int:
        """Of a model that was judged itself: what is said of it needs a newer one than chances by days do."""
        return 3 if self.split.stored is None and self.measure.length is None else 5


CHANCES_BY_DAYS = Design()


def measure_of(manifest: Manifest) -> AnyMeasure:
    """By what a model was judged."""
    return CHANCES if manifest.lists is None else ListOrder(manifest.lists.length)
