"""The reader of the serving store, as the design has it, until the store's own is there."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import Literal, Protocol


@dataclass(frozen=True)
class Served:
    version: int
    as_of: date
    generated_at: datetime
    published_at: datetime
    customers: int
    digest: str | None


@dataclass(frozen=True)
class Answer:
    served: Served
    content: bytes
    """The JSON array of the customer's rows, by rank."""
    source: Literal["redis", "database"]


class Reader(Protocol):
    async def served(self, company: str, product: str) -> Served | None: ...

    async def customer(self, company: str, product: str, customer: str) -> Answer | None: ...


class NothingPublished:
    async def served(self, _company: str, _product: str) -> Served | None:
        return None

    async def customer(self, _company: str, _product: str, _customer: str) -> Answer | None:
        return None
