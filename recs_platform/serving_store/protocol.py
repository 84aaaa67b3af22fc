"""What serving stores can do: they hold the live version of products where customers are answered from.

Publishers fill them after the live table has changed, so they follow that table and never lead it. The service reads
them. Not here: a store.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, replace
from datetime import date, datetime
from enum import StrEnum
from hashlib import sha256
from typing import Protocol, TypeAlias

import orjson

Chunk: TypeAlias = Sequence[tuple[bytes, bytes]]
"""Some lists: a customer, as `customer_key` writes it, and the JSON of its rows."""

EVERYBODY = ""
"""The customer of a product that is not for customers one by one: an allocation is one list."""


class Source(StrEnum):
    """Who answered."""

    REDIS = "redis"
    DATABASE = "database"


@dataclass(frozen=True)
class Served:
    """What is the same for all lists of a version that is served."""

    company: str
    product: str
    version: int
    """The publication's."""
    as_of: date
    generated_at: datetime
    published_at: datetime
    life_days: int
    """How many days pass until the next version is due."""
    layout: str
    """Names the columns that lists tell: a version whose lists tell others than they should is loaded again."""
    customers: int = 0
    """Lists; one of a product that is not for customers one by one."""
    digest: str = ""
    """Of all lists, in whatever order they are read."""

    @property
    def draft(self) -> Served:
        """As it is before its lists are known."""
        return self.filled(0, "")

    def filled(self, customers: int, digest: str) -> Served:
        """With the lists that were loaded."""
        return replace(self, customers=customers, digest=digest)

    def to_json(self) -> bytes:
        return orjson.dumps(self)

    @staticmethod
    def from_json(text: bytes) -> Served:
        """Raises a ValueError for what is not one, whoever wrote it."""
        read = orjson.loads(text)
        try:
            times = {name: datetime.fromisoformat(read[name]) for name in ("generated_at", "published_at")}
            return Served(**{**read, **times, "as_of": date.fromisoformat(read["as_of"])})
        except (TypeError, KeyError) as error:
            raise ValueError(f"not what is served: {error}") from None


@dataclass(frozen=True)
class Answer:
    """What one customer is served: wholly of one version."""

    served: Served
    content: bytes
    """A JSON array of the customer's rows, by rank, without what is personal and what `served` says."""
    source: Source


class ServingStore(Protocol):
    """For publishers; blocks. Raises a PlatformError for what it cannot do, and goes on serving what it served."""

    @property
    def name(self) -> str:
        """As messages name it."""

    def load(self, draft: Served, lists: Iterable[Chunk]) -> Served:
        """Put a version's lists where nobody is served them yet; gives it with what came. Loaded again, it begins
        anew."""

    def swap(self, served: Served) -> None:
        """Serve the version that was loaded, in one step. The version before is kept; older ones, and what killed
        publishers left, are deleted. A version that is served already is served for longer by it."""

    def served(self, company: str, product: str) -> Served | None:
        """What a company's customers are served; None before the first."""

    def customer(self, company: str, product: str, customer: str) -> Answer | None:
        """What one customer is served; None of a customer without a list."""

    def lists(self, served: Served) -> AbstractContextManager[Iterator[Chunk]]:
        """All lists of a version that was loaded, in any order. A connection is held as long as they are read."""


class Reader(Protocol):
    """For the service: never blocks its event loop."""

    @property
    def counts(self) -> Mapping[str, int]:
        """Since the start: `redis` and `database`, who answered; why Redis did not, `fallback:` and `failed` (by error
        or too late), `down` (not asked, since it failed), `missing` (nothing there) or `other` (than the database
        serves); `refill`, `refill_failed` and `refill_left_to_others`."""

    async def start(self) -> None:
        """Begin to watch what is live. Raises a PlatformError when nobody can answer."""

    async def close(self) -> None:
        """Let go of connections and tasks."""

    async def served(self, company: str, product: str) -> Served | None:
        """What a company's customers are served; None before the first."""

    async def customer(self, company: str, product: str, customer: str) -> Answer | None:
        """What one customer is served; None of a customer without a list. Raises an UnavailableError when neither
        Redis nor the database answers."""

    async def examples(self, company: str, product: str, count: int) -> Sequence[str]:
        """Some customers with a list, for people who want to look at one."""


_LONGEST_KEY = 1_000


def customer_key(customer: str) -> bytes:
    """A customer as stores name it. An id that no index takes is named by its hash; no text begins with that byte."""
    key = customer.encode()
    return key if len(key) <= _LONGEST_KEY else b"\xff" + sha256(key).digest()
