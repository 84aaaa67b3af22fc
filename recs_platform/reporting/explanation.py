"""An explanation as people and programs read it: sentences and tables in their order, and everything as data.

Not here: what is explained (the strategies), and how it is printed (the CLI).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, TypeAlias


class Tone(StrEnum):
    PLAIN = "plain"
    TITLE = "title"
    """Names what follows."""
    GOOD = "good"
    ATTENTION = "attention"
    """What a reader must not miss."""
    FAINT = "faint"


@dataclass(frozen=True)
class Sentence:
    """A line of text. A title stands in front of it."""

    text: str
    tone: Tone = Tone.PLAIN
    title: str = ""


@dataclass(frozen=True)
class Listing:
    """A table of cells."""

    title: str
    columns: tuple[str, ...]
    rows: Sequence[Sequence[object]]
    right: int | None = None
    """The first column that is set to the right."""


Block: TypeAlias = Sentence | Listing


@dataclass(frozen=True)
class Explanation:
    blocks: Sequence[Block]
    data: Mapping[str, Any]
