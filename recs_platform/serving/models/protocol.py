"""What the service wants of who holds its models. Not here: a holder (holder.py)."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Protocol

from recs_platform.serving.models.loaded import Held


class ModelHolder(Protocol):
    async def start(self) -> None:
        """Begin to watch the registry; returns at once."""

    async def stop(self) -> None: ...

    def not_ready(self) -> Collection[tuple[str, str]]:
        """Of which companies the active model cannot answer yet, each with why; empty when all can."""

    @property
    def held(self) -> Mapping[tuple[str, str], Held]:
        """By company and model. Whoever answers takes one, once, and answers by nothing else."""

    def registry_age(self, key: tuple[str, str], /) -> float | None:
        """Seconds since the registry last said which version is active; None before it did."""


class NoModels:
    """Nobody's."""

    async def start(self) -> None: ...

    async def stop(self) -> None: ...

    def not_ready(self) -> Collection[tuple[str, str]]:
        return ()

    @property
    def held(self) -> Mapping[tuple[str, str], Held]:
        return {}

    def registry_age(self, _: tuple[str, str]) -> float | None:
        return None
