"""What changed for a customer between two versions: which items are new, gone, or in another place. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from recs_platform.serving.explorer.facts import Row
from recs_platform.serving.items import id_of


@dataclass(frozen=True)
class Change:
    item: str
    before: int | None
    """The place that it had; None of a new one."""
    now: int | None
    """None of one that is gone."""

    @property
    def words(self) -> str:
        """
        >>> Change("a", 3, 1).words, Change("a", 1, 2).words, Change("a", None, 1).words, Change("a", 1, 1).words
        ('up 2', 'down 1', 'new', 'as before')
        """
        if self.before is None:
            return "new"
        if self.now is None:
            return "gone"
        moved = self.before - self.now
        return "as before" if moved == 0 else f"up {moved}" if moved > 0 else f"down {-moved}"


def changes(before: Sequence[Row], now: Sequence[Row]) -> list[Change]:
    """In the order of the list of now, then what is gone."""
    old, new = _places(before), _places(now)
    there = [Change(item, old.get(item), place) for item, place in new.items()]
    return there + [Change(item, place, None) for item, place in old.items() if item not in new]


def _places(rows: Sequence[Row]) -> dict[str, int]:
    return {id_of(row): int(row.get("rank", number)) for number, row in enumerate(rows, 1)}
