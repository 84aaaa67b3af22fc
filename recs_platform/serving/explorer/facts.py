"""What the pages show, as data: whoever draws them reads nothing.

Not here: where it comes from (reading.py, why.py).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, TypeAlias

from recs_platform.declarations.guardrails import Guardrail
from recs_platform.model_registry.registry import Registered
from recs_platform.reporting.explanation import Block

Row: TypeAlias = Mapping[str, Any]


@dataclass(frozen=True)
class Unknown:
    """Something that could not be found out now, and why: a page says so and shows the rest."""

    why: str


@dataclass(frozen=True)
class Live:
    """What customers see of a product."""

    product: str
    version: int
    as_of: date
    generated_at: datetime
    published_at: datetime
    customers: int | None
    """Of a product that is for customers one by one."""
    by: str = ""
    """Who or what published it; empty where the inventory does not know the version."""
    brought_back: bool = False
    approved: bool = False
    """A person approved it although a guardrail refused it."""
    note: str = ""
    guardrails: Sequence[Guardrail] | Unknown = ()
    """How it stood to them when it was published."""


@dataclass(frozen=True)
class NotLive:
    """A product of which nothing is published."""

    product: str


@dataclass(frozen=True)
class CompanyLine:
    """A company on the first page."""

    name: str
    strategy: str
    live: Live | None


@dataclass(frozen=True)
class CompanyFacts:
    name: str
    strategy: str
    recommends: bool
    products: Sequence[Live | NotLive]
    examples: Sequence[str]
    has_models: bool


@dataclass(frozen=True)
class Given:
    """A customer's list in one version."""

    version: int
    as_of: date
    published_at: datetime
    rows: Sequence[Row]
    """An item each."""
    about: str | None = None
    """What the list is made for."""


@dataclass(frozen=True)
class CustomerFacts:
    company: str
    customer: str
    live: Live | None
    served_from: str
    given: Given | None
    """None of a customer without a list."""
    before: Given | Unknown | None
    """The same customer in the version before; None where there is no version before."""
    item: str | None
    """The one item that is asked about."""
    why: Sequence[Block] | Unknown


@dataclass(frozen=True)
class Held:
    """What the service itself holds of a model."""

    version: int | None = None
    """None where none is loaded."""
    digest: str = ""
    loaded_at: datetime | None = None
    golden: str = ""
    """What became of its golden rows."""
    refused: str = ""
    """Which other version it refused, and why."""


@dataclass(frozen=True)
class ModelFacts:
    name: str
    title: str
    """Of the leading figure, for people."""
    leading: str
    versions: Sequence[Registered]
    """The newest first."""
    held: Held = Held()
