"""A real serving store that notes what it is told, and fails when it is asked to."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass, field

from recs_platform.errors import StorageError
from recs_platform.serving_store.protocol import Answer, Chunk, Served, ServingStore


@dataclass
class FaultyStore:
    real: ServingStore
    told: list[tuple[str, int]] = field(default_factory=list)
    """The step and the version."""
    fails_at: str | None = None
    error: BaseException = field(default_factory=lambda: StorageError("memory is full"))

    @property
    def name(self) -> str:
        return self.real.name

    def load(self, draft: Served, lists: Iterable[Chunk]) -> Served:
        self._step("load", draft.version)
        return self.real.load(draft, self._broken_off(lists))

    def swap(self, served: Served) -> None:
        if self.real.served(served.company, served.product) != served:
            self._step("swap", served.version)
        self.real.swap(served)

    def served(self, company: str, product: str) -> Served | None:
        return self.real.served(company, product)

    def customer(self, company: str, product: str, customer: str) -> Answer | None:
        return self.real.customer(company, product, customer)

    def lists(self, served: Served) -> AbstractContextManager[Iterator[Chunk]]:
        return self.real.lists(served)

    def _step(self, step: str, version: int) -> None:
        if self.fails_at == step:
            raise self.error
        self.told.append((step, version))

    def _broken_off(self, lists: Iterable[Chunk]) -> Iterator[Chunk]:
        for chunk in lists:
            yield chunk
            if self.fails_at == "midway":
                raise self.error
