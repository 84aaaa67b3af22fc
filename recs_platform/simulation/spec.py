"""What a simulated world is asked to be, and what it offers. Not here: what is in it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any, Protocol

from recs_platform.schemas.sources import EVENT_NAMES
from recs_platform.simulation.columns import Feed


@dataclass(frozen=True)
class WorldSpec:
    """Two equal specs give the same files, byte for byte."""

    company: str
    strategy: str
    """The name of the strategy that the company has."""
    seed: int
    customers: int
    start: date
    """The first day of the company's feeds."""
    event_names: Mapping[str, str] = field(hash=False)
    """Raw name to canonical name, in order. Of several raw names of `order_line` the first is the preferred feed, and
    the others are feeds of the same orders that overlap with it."""
    drift_after_days: int | None = None
    """Days from the start to the shift that is planted in an offer-ranking world; None: the world's own."""
    interactions: bool = True
    """Whether redemptions follow products of features, which no linear model sees."""
    habits: float = 0.0
    """Spread of the customers' readiness to redeem, in log-odds; 0: all are alike but for what the features show."""
    items_per_offer: int = 1
    campaign_weeks: int = 1
    """Offers are shown in one week of so many."""
    huge_quantities: bool = False
    """Whether one basket line in a thousand is of thousands of units."""

    def to_json(self) -> str:
        said: dict[str, Any] = {
            "company": self.company,
            "strategy": self.strategy,
            "seed": self.seed,
            "customers": self.customers,
            "start": self.start.isoformat(),
            "event_names": list(self.event_names.items()),
        }
        # Left out where they say nothing, so that a folder landed before they were known is still this world's.
        if self.drift_after_days is not None:
            said["drift_after_days"] = self.drift_after_days
        if not self.interactions:
            said["interactions"] = False
        for name in ("habits", "items_per_offer", "campaign_weeks", "huge_quantities"):
            if getattr(self, name) != getattr(type(self), name):
                said[name] = getattr(self, name)
        return json.dumps(said, indent=2)

    @classmethod
    def from_json(cls, text: str) -> WorldSpec:
        stored: dict[str, Any] = json.loads(text)
        return cls(
            **{
                **stored,
                "start": date.fromisoformat(stored["start"]),
                "event_names": dict(stored["event_names"]),
            }
        )

    @property
    def raw_event_names(self) -> dict[str, str]:
        """Raw to canonical name; a company that names no events uses the canonical names."""
        return dict(self.event_names) or {name: name for name in EVENT_NAMES}

    def raw_names(self, canonical: str) -> list[str]:
        """The names under which the company's feed knows an event, the preferred one first."""
        return [raw for raw, name in self.raw_event_names.items() if name == canonical]


class SimulatedWorld(Protocol):
    """What each kind of company offers; the modules themselves are the implementations."""

    def feed(self, spec: WorldSpec, table: str, day: date) -> Feed: ...

    def truth(self, spec: WorldSpec) -> dict[str, Any]: ...
