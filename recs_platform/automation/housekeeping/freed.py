"""What housekeeping gave back. Not here: what may go, which each thing that is swept says in a module of its own."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from recs_platform.plurals import counted, in_units


@dataclass(frozen=True)
class Freed:
    """Of one thing that was swept."""

    what: str
    """Such as `tables of acme`."""
    files: int = 0
    rows: int = 0
    size: int = 0
    """Bytes."""
    problem: str = ""
    """Why it was not swept, or not to its end; what was freed until then counts."""
    busy: bool = False
    """Somebody else was at it: no failure, and the next night's turn."""

    @classmethod
    def of_files(cls, what: str, sizes: Mapping[str, int]) -> Freed:
        return cls(what, files=len(sizes), size=sum(sizes.values()))

    def __str__(self) -> str:
        """One line, for logs and people."""
        parts = [counted(self.files, "file")] if self.files else []
        parts += [counted(self.rows, "row")] if self.rows else []
        freed = f"{', '.join([*parts, in_units(self.size)])} freed" if parts or self.size else "nothing to free"
        return f"{self.what}: {freed}{f'; {self.problem}' if self.problem else ''}"

    def to_json(self) -> dict[str, Any]:
        return asdict(self)
