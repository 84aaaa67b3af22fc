"""By what models are judged: chances that sort and come true (`chances.py`), or the order inside lists
(`list_order.py`). A task names its measure; whoever trains, chooses and compares asks it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Protocol, TypeAlias, TypeVar

import pyarrow as pa

from recs_platform.models.calibration import Calibration
from recs_platform.models.chances import ChancesComparison
from recs_platform.models.data import Examples
from recs_platform.models.features import Bools, Floats
from recs_platform.models.list_order import ListsComparison
from recs_platform.models.list_quality import ListQuality
from recs_platform.models.metrics import Quality
from recs_platform.models.model import Model
from recs_platform.models.paired import Judges
from recs_platform.models.windows import Split
from recs_platform.models.yardsticks import Measured, Yardstick

Figures: TypeAlias = Quality | ListQuality
Comparison: TypeAlias = ChancesComparison | ListsComparison

FiguresT = TypeVar("FiguresT", Quality, ListQuality)
ComparisonT = TypeVar("ComparisonT", ChancesComparison, ListsComparison)


class Measure(Protocol[FiguresT, ComparisonT]):
    @property
    def title(self) -> str:
        """Of the leading figure, for people: "ROC AUC"."""
        ...

    @property
    def leading(self) -> str:
        """The figure's name among the figures: the greater, the better, and a tolerance is measured in it."""
        ...

    @property
    def length(self) -> int | None:
        """The first places of a list that are looked at; None where lists are not."""
        ...

    def of_model(self, model: Model, table: pa.Table) -> Measured:
        """What the model makes of these rows."""
        ...

    def of_yardsticks(self, yardsticks: Sequence[Yardstick], split: Split) -> dict[str, Measured]:
        """By name: first what needs no column. A column that the examples lack is left out."""
        ...

    def figures(self, examples: Examples, measured: Measured) -> FiguresT:
        """Needs a success and a failure."""
        ...

    def compare(self, judges: Judges, ours: Measured, theirs: Measured) -> ComparisonT: ...

    def unfit(self, figures: FiguresT, comparisons: Mapping[str, ComparisonT]) -> str | None:
        """Why a model may not go active, whatever it is compared with; None when it may."""
        ...

    def figures_text(self, figures: FiguresT) -> str: ...

    def examples_text(self, examples: Examples) -> str:
        """On what was judged: "1,200 examples of 2026-01-01 to 2026-01-07"."""
        ...

    def calibration(self, raw: Callable[[], Floats], labels: Bools, /) -> Calibration | None:
        """Of log-odds that are corrected for the failures which training left out; None where only order counts, and
        then they are not asked for."""
        ...

    def manifest_fields(self, validation: FiguresT, test: FiguresT) -> dict[str, Any]:
        """How a manifest says what a model is worth."""
        ...


AnyMeasure: TypeAlias = Measure[Any, Any]
"""For who asks of a measure only what all have in common."""
