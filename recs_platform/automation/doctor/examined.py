"""What the doctor says of one thing that it looked at: well, or how to mend it. Personal data and secrets are masked
here, whoever wrote a text. Not here: looking (a module for each part)."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from enum import StrEnum
from typing import Any

from recs_platform.masking import mask_text


class State(StrEnum):
    OK = "ok"
    WARNING = "warning"
    """It works, and somebody should know."""
    WRONG = "wrong"
    """Somebody has to mend it."""
    SKIPPED = "skipped"
    """It could not be looked at, for a reason that is told elsewhere, or does not apply."""


@dataclass(frozen=True)
class Examined:
    state: State
    says: str
    remedy: str = ""
    """What to do, with the command."""

    def __post_init__(self) -> None:
        for name in ("says", "remedy"):
            object.__setattr__(self, name, mask_text(" ".join(getattr(self, name).split())))


@dataclass(frozen=True)
class PartExamined:
    """The same, and of which part it is."""

    part: str
    examined: Examined

    def to_json(self) -> dict[str, Any]:
        return {"part": self.part, **asdict(self.examined)}


def ok(says: str) -> Examined:
    return Examined(State.OK, says)


def warning(says: str, remedy: str = "") -> Examined:
    return Examined(State.WARNING, says, remedy)


def wrong(says: str, remedy: str) -> Examined:
    return Examined(State.WRONG, says, remedy)


def skipped(says: str) -> Examined:
    return Examined(State.SKIPPED, says)
