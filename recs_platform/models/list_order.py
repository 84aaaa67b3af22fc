"""Models judged by the order inside lists: what is wanted comes early, whatever the scores are.

What a sceptic would try first is no order at all, and one column alone. Lists without a success say nothing. A model is
fit to serve that the data tell to order better than no order and than the simplest yardstick, which is the first; that
no other yardstick is told to beat; and that does not say the same of everybody. Not here: what follows for the
candidate (`choice.py`).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa

from recs_platform.models.data import Examples
from recs_platform.models.features import Bools, Floats
from recs_platform.models.list_quality import ListQuality, judge_lists
from recs_platform.models.manifest import JudgedLists
from recs_platform.models.model import Model
from recs_platform.models.paired import Judges
from recs_platform.models.paired_lists import ndcg_difference
from recs_platform.models.windows import Split
from recs_platform.models.yardsticks import Measured, Yardstick, difference_text, is_above, is_below, known
from recs_platform.statistics.intervals import Interval

NO_ORDER = "no order"


@dataclass(frozen=True)
class ListsComparison:
    """How far a model is above something else on the same lists, with an interval over those whom they are for."""

    ndcg: Interval
    length: int

    @property
    def lead(self) -> Interval:
        """In the leading figure."""
        return self.ndcg

    @property
    def is_better(self) -> bool:
        return is_above(self.ndcg)

    @property
    def is_worse(self) -> bool:
        return is_below(self.ndcg)

    @property
    def words(self) -> str:
        """
        >>> print(ListsComparison(Interval(0.01, -0.004, 0.024), 20).words)
        NDCG at 20 +0.0100 (-0.0040 to +0.0240)
        """
        return f"NDCG at {self.length} {difference_text(self.ndcg, 4)}"


@dataclass(frozen=True)
class ListOrder:
    length: int
    """The first places that are looked at."""
    leading: str = "ndcg"

    @property
    def title(self) -> str:
        """Without an @: whatever is written like an address is masked."""
        return f"NDCG at {self.length}"

    def of_model(self, model: Model, table: pa.Table) -> Measured:
        raw = model.raw_scores(table)
        return Measured(raw, raw)

    def of_yardsticks(self, yardsticks: Sequence[Yardstick], split: Split) -> dict[str, Measured]:
        """No order first: all places are shared."""
        columns = {NO_ORDER: np.zeros(len(split.test))}
        columns |= {one.name: one.values(split.test) for one in known(yardsticks, split.test)}
        return {name: Measured(values, values) for name, values in columns.items()}

    def figures(self, examples: Examples, measured: Measured) -> ListQuality:
        return judge_lists(examples.labels, examples.list_codes, measured.scores, self.length)

    def compare(self, judges: Judges, ours: Measured, theirs: Measured) -> ListsComparison:
        lists = judges.customers if judges.lists is None else judges.lists
        difference = ndcg_difference(judges, lists, ours.scores, theirs.scores, self.length)
        return ListsComparison(difference, self.length)

    def unfit(self, figures: ListQuality, comparisons: Mapping[str, ListsComparison]) -> str | None:
        if figures.constant:
            return "it gives every example the same score"
        by_nothing, *by_columns = comparisons.items()
        if not by_nothing[1].is_better:
            return f"it is not told to order better than no order at all ({by_nothing[1].words})"
        for place, (name, comparison) in enumerate(by_columns):
            if comparison.is_worse:
                return f"{name} alone orders better ({comparison.words})"
            if place == 0 and not comparison.is_better:
                return f"it is not told to order better than {name} alone ({comparison.words})"
        return None

    def figures_text(self, figures: ListQuality) -> str:
        return f"{self.title} {figures.ndcg:.4f}, recall at {self.length} {figures.recall:.4f}"

    def examples_text(self, examples: Examples) -> str:
        days = f"{examples.first}" if examples.first == examples.last else f"{examples.first} to {examples.last}"
        return f"{len(np.unique(examples.list_codes)):,} lists of {days}"

    def calibration(self, _raw: Callable[[], Floats], _labels: Bools) -> None:
        return None

    def manifest_fields(self, validation: ListQuality, test: ListQuality) -> dict[str, Any]:
        return {"lists": JudgedLists(self.length, {"validation": validation, "test": test})}
