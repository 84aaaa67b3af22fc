"""What a strategy asks of the ranking model: its name, its features, and where its tables say what an example is."""

from __future__ import annotations

from dataclasses import dataclass

from recs_platform.models.data import Columns
from recs_platform.models.design import CHANCES_BY_DAYS, Design
from recs_platform.models.features import FeatureSet
from recs_platform.models.kinds import DEFAULT_KINDS, kind_named
from recs_platform.models.ranker import RankerKind
from recs_platform.models.yardsticks import Yardstick


@dataclass(frozen=True)
class RankingTask:
    model: str
    """Its name in the registry; a company has one active version of each."""
    features: FeatureSet
    columns: Columns
    kinds: tuple[RankerKind, ...] = DEFAULT_KINDS
    """What a training fits, the simplest first. One of them becomes the candidate."""
    yardsticks: tuple[Yardstick, ...] = ()
    """Columns that each model is compared with, beside what needs no column, the simplest first."""
    design: Design = CHANCES_BY_DAYS
    """How examples are shared out, by what models are judged, and how the candidate is chosen."""

    def __post_init__(self) -> None:
        names = [kind.name for kind in self.kinds]
        if not names or len(set(names)) < len(names):
            raise ValueError(f"{self.model}: a task needs a kind of ranker, and each once, not {names}")
        if strangers := [kind.name for kind in self.kinds if kind_named(kind.name) != kind]:
            raise ValueError(f"{self.model}: another kind is registered as {', '.join(strangers)}")
