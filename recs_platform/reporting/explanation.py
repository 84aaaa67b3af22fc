"""An explanation as people and programs read it: sentences, tables and pictures in their order, and everything as data.

Not here: what is explained (the strategies), and how it is shown (the CLI, and the explorer of the service).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Any, TypeAlias

if TYPE_CHECKING:
    from recs_platform.reporting.charts import Chart


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
    at_terminal: str = ""
    """What follows the text where one types commands: what to type next."""


@dataclass(frozen=True)
class Listing:
    """A table of cells."""

    title: str
    columns: tuple[str, ...]
    rows: Sequence[Sequence[object]]
    right: int | None = None
    """The first column that is set to the right."""


@dataclass(frozen=True)
class Picture:
    """A chart of what stands in a table, for who sees it on a page."""

    chart: Chart


Block: TypeAlias = Sentence | Listing | Picture


@dataclass(frozen=True)
class Explanation:
    blocks: Sequence[Block]
    data: Mapping[str, Any]
