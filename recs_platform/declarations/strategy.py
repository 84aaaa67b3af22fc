"""A strategy as one record: everything in which it differs from the others, written in one place.

What stands above this package (stages, stories, explanations) is typed by who reads it: `pipeline/strategy.py` says
which functions they are. Not here: the strategies themselves (`strategies/`), one record each.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import time
from typing import Any, Generic, TypeAlias, TypeVar

from recs_platform.declarations.parameters import Parameters
from recs_platform.declarations.room import ORDINARY_ROOMS, Rooms
from recs_platform.models.retraining import Policy
from recs_platform.models.task import RankingTask
from recs_platform.schemas.table import Table, TableSpec, spec_of
from recs_platform.simulation.spec import SimulatedWorld

MakeStagesT = TypeVar("MakeStagesT")
StoryT = TypeVar("StoryT")
ExplainerT = TypeVar("ExplainerT")


def _no_discoveries(_parameters: Any) -> float:
    return 0.0


@dataclass(frozen=True)
class TrainedModel:
    """The model of a strategy that trains one."""

    task: RankingTask
    policy: Callable[[Any], Policy]
    """When a company's is trained again, as its parameters say."""
    plan: str
    """The table that says whether a day trains: training begins with it."""
    drift: str
    """The table that says whether examples still look as they did in training."""
    trained: str
    """The table that says what the day's training came to."""
    pairs: str
    """The question that gives what is known of @pairs of @customers and items on a day: their features, or, where these
    are not kept, `raw` and the `digest` of the model that gave it."""


@dataclass(frozen=True, repr=False)
class Strategy(Generic[MakeStagesT, StoryT, ExplainerT]):
    name: str
    title: str
    parameters: type[Parameters]
    """What a company's file may tell it."""
    source_tables: tuple[type[Table], ...]
    """What a company can feed it."""
    needs: tuple[type[Table] | tuple[type[Table], ...], ...]
    """Those of them without which it makes nothing; of several in brackets, one is enough. The others are optional."""
    stages: MakeStagesT
    """Makes its stages, in the order in which they see each other's tables, and says which of them are weekly."""
    publishes: tuple[str, ...] = ()
    """The names of its products: those of its stages, for who does not see the stages."""
    due_by: time = time(9)
    """When the products of a day must be live, where the company's file says nothing: on the morning on which the day
    is made, in the company's time zone."""
    model: TrainedModel | None = None
    world: Callable[[], SimulatedWorld] | None = None
    """The simulated company that feeds it, where somebody has made one up."""
    story: StoryT | None = None
    """What a day comes to, in a few lines."""
    explainer: ExplainerT | None = None
    """Why a customer is recommended what it is, or nothing."""
    sparse: tuple[type[Table], ...] = ()
    """Source tables that bring nothing on many days: nobody warns of a day without rows."""
    rooms: Rooms = ORDINARY_ROOMS
    """What its runs may use, each by itself, for a company of the size that docs/scale.md names."""
    label: str = ""
    """One word in place of its name, for boxes that are too small for that: the groups of the UI."""
    page: str = "architecture.md"
    """The page of docs/ that tells of it."""
    has_weekly_lists: bool = False
    """What it recommends is for a week."""
    family_of: Callable[[str], str] = str
    """What stands for an item where several are variants of one."""
    discovery_share: Callable[[Any], float] = _no_discoveries
    """Of its parameters: the share of a list's places that are for what the customer never bought."""

    @property
    def sources(self) -> dict[str, TableSpec]:
        """Its source tables, by name."""
        return {spec.name: spec for spec in map(spec_of, self.source_tables)}

    @property
    def needed(self) -> tuple[tuple[str, ...], ...]:
        """The names of the source tables that a company must provide: of each group, one."""
        groups = (need if isinstance(need, tuple) else (need,) for need in self.needs)
        return tuple(tuple(spec_of(model).name for model in group) for group in groups)

    @property
    def optional(self) -> tuple[str, ...]:
        """The names of those that it can do without."""
        needed = {name for group in self.needed for name in group}
        return tuple(name for name in self.sources if name not in needed)

    @property
    def sparse_tables(self) -> tuple[str, ...]:
        """The names of those of which a day without rows is nothing unusual."""
        return tuple(spec_of(model).name for model in self.sparse)

    @property
    def needs_in_words(self) -> str:
        """As part of a sentence: `needs fitment, customers, events or order_history; optional: treatments`."""
        needed = ", ".join(" or ".join(group) for group in self.needed)
        return f"needs {needed}" + (f"; optional: {', '.join(self.optional)}" if self.optional else "")

    def group(self, stage: str) -> str:
        """Under this name the UI shows the tables of a stage as one box."""
        return f"{self.label or self.name}_{stage}"

    def __str__(self) -> str:
        return self.name

    def __repr__(self) -> str:
        return f"<strategy {self.name}>"


AnyStrategy: TypeAlias = Strategy[Any, Any, Any]
"""For who reads only what a company's file is judged by."""
