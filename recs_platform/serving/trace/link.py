"""A chain of links, as data. Not here: looking (model.py, publication.py).

Whoever is paged reads the first broken link: what stands behind it is often a consequence.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict, dataclass
from enum import StrEnum
from typing import Any

from recs_platform.masking import mask_text


class State(StrEnum):
    OK = "ok"
    BROKEN = "broken"
    UNKNOWN = "unknown"
    """It could not be looked at, and `seen` says why: another link is broken, or nothing is configured."""


class Name(StrEnum):
    """Every link there is."""

    RUN = "run"
    ARTIFACT = "artifact"
    REGISTRY = "registry row"
    LIVE_TABLE = "live table"
    INVENTORY = "inventory"
    DATABASE = "database"
    REDIS = "Redis"
    SERVICE = "service"
    GOLDEN = "golden prediction"
    CUSTOMER = "a customer's answer"


@dataclass(frozen=True)
class Link:
    name: str
    state: State
    seen: str
    """What there is, in a sentence."""
    cause: str = ""
    """Why it is broken, as far as that can be known."""
    command: str = ""
    """What to do next, to be copied."""

    def __post_init__(self) -> None:
        for field in ("seen", "cause", "command"):
            object.__setattr__(self, field, mask_text(" ".join(getattr(self, field).split())))

    @property
    def finding(self) -> str:
        """The same in one line, for a check and an alert: without the command."""
        return f"{self.name}: {self.seen}" + (f" ({self.cause})" if self.cause else "")


@dataclass(frozen=True)
class Chain:
    company: str
    kind: str
    """`model` or `publication`."""
    of: str
    """The model or the product."""
    version: int | None
    """The one that was followed; None when there is none, or nobody could be asked."""
    links: tuple[Link, ...]

    @property
    def broken(self) -> tuple[Link, ...]:
        return tuple(link for link in self.links if link.state is State.BROKEN)

    @property
    def unknown(self) -> tuple[Link, ...]:
        return tuple(link for link in self.links if link.state is State.UNKNOWN)

    def link(self, name: Name) -> Link:
        return next(link for link in self.links if link.name == name)

    def without(self, names: Iterable[Name]) -> Chain:
        """The same, of the other links alone."""
        return Chain(
            self.company, self.kind, self.of, self.version, tuple(x for x in self.links if x.name not in {*names})
        )

    def to_json(self) -> dict[str, Any]:
        return {
            "company": self.company,
            "kind": self.kind,
            "name": self.of,
            "version": self.version,
            "state": State.BROKEN if self.broken else State.UNKNOWN if self.unknown else State.OK,
            "links": [asdict(link) for link in self.links],
        }


def ok(name: Name, seen: str) -> Link:
    return Link(name, State.OK, seen)


def broken(name: Name, seen: str, cause: str, command: str) -> Link:
    return Link(name, State.BROKEN, seen, cause, command)


def unknown(name: Name, seen: str, command: str = "") -> Link:
    return Link(name, State.UNKNOWN, seen, command=command)
