"""What the service wants of who holds its models. Not here: a holder (holder.py)."""

from __future__ import annotations

from collections.abc import Collection
from typing import Protocol


class ModelHolder(Protocol):
    async def start(self) -> None:
        """Begin to watch the registry; returns at once."""

    async def stop(self) -> None: ...

    def not_ready(self) -> Collection[tuple[str, str]]:
        """Of which companies the active model cannot answer yet, each with why; empty when all can."""


class NoModels:
    """Nobody's."""

    async def start(self) -> None: ...

    async def stop(self) -> None: ...

    def not_ready(self) -> Collection[tuple[str, str]]:
        return ()
