"""A model as the service holds it, and what is known of each that it should hold. Nothing here changes: a swap puts
another in its place.

Not here: how one comes to be held (loading.py), and when (holder.py).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from functools import cached_property

from recs_platform.models.features import Encoding
from recs_platform.models.model import Model
from recs_platform.models.task import RankingTask


@dataclass(frozen=True)
class Loaded:
    """A version whose bytes were proved and whose golden rows were answered."""

    company: str
    task: RankingTask
    version: int
    digest: str
    model: Model
    golden: str
    """What became of its golden rows, for people."""
    loaded_at: datetime

    @cached_property
    def encoding(self) -> Encoding:
        """Made once: it is longer in the making than a row is in scoring."""
        return self.model.manifest.encoding

    @property
    def has_chances(self) -> bool:
        """Of a model that is judged by its lists, only the order of raw scores means anything."""
        return self.model.manifest.lists is None


@dataclass(frozen=True)
class Refused:
    """A version that is active and is not served."""

    version: int
    digest: str
    why: str
    at: datetime
    """Since when, for this reason."""
    next_try: float | None
    """By the monotonic clock; None where nothing changes before the registry does."""
    tries: int = 1


@dataclass(frozen=True)
class Held:
    """What is known of one model of a company."""

    loaded: Loaded | None = None
    active: tuple[int, str] | None = None
    """Version and digest that the registry last called active; None before the first training."""
    refused: Refused | None = None
    seen: float | None = None
    """When the registry last answered, by the monotonic clock."""

    @property
    def not_ready(self) -> str | None:
        """Why it cannot answer yet."""
        if self.seen is None:
            return "the registry has not answered yet"
        if self.loaded is not None or self.active is None:
            return None
        why = self.refused.why if self.refused else "it is being loaded"
        return f"version {self.active[0]} is not served: {why}"
