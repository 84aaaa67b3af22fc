"""What a sensor remembers between its ticks: whose turn was last, and a word about each company.

It saves work, and nothing depends on it: without it, or with one that cannot be read, everything is looked at again.
"""

from __future__ import annotations

import json
from collections.abc import Collection
from dataclasses import dataclass, field, replace


@dataclass(frozen=True)
class Cursor:
    last: str | None = None
    """Who was looked at last."""
    known: dict[str, str] = field(default_factory=dict)
    """By company; what it means is the sensor's."""

    @classmethod
    def read(cls, text: str | None) -> Cursor:
        """
        >>> Cursor.read(Cursor("acme", {"acme": "2025-12-02"}).write())
        Cursor(last='acme', known={'acme': '2025-12-02'})
        >>> Cursor.read(None) == Cursor.read("an older version's") == Cursor()
        True
        """
        try:
            last, known = json.loads(text or "")
            return cls(None if last is None else str(last), {str(name): str(word) for name, word in known.items()})
        except (ValueError, TypeError, AttributeError):
            return cls()

    def write(self) -> str:
        return json.dumps([self.last, self.known])

    def of(self, companies: Collection[str]) -> Cursor:
        """Without those that there are no more."""
        return replace(self, known={name: word for name, word in self.known.items() if name in companies})
