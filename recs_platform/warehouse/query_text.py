"""A query's text and where it stands: what a message about it needs."""

from __future__ import annotations

import re
from dataclasses import dataclass

from recs_platform.errors import QueryError

TOO_DEEP = "is nested too deeply; take parts of it out with WITH"


@dataclass(frozen=True)
class QueryText:
    path: str
    text: str

    def line_of(self, word: str) -> int:
        """The first line outside comments where a word stands; 1 when it does not."""
        pattern = re.compile(rf"(?<!\w){re.escape(word)}(?!\w)", re.IGNORECASE)
        for number, line in enumerate(self.text.splitlines(), start=1):
            if not line.lstrip().startswith("--") and pattern.search(line):
                return number
        return 1

    def error(self, message: str, *, word: str | None = None, line: int | None = None) -> QueryError:
        return QueryError(self.path, line or (self.line_of(word) if word else 1), message)
