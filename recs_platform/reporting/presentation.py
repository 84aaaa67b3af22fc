"""What a small table says, in words and as a picture: attached to its asset, and written to a folder for people.

Not here: drawing (charts.py, curves.py), and what a particular table says (the function that its asset names as
`present`).
"""

from __future__ import annotations

import base64
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any, TypeAlias

from recs_platform.arguments import call_with_named, refuse_other_parameters
from recs_platform.companies.model import Company
from recs_platform.file_store.protocol import FileStore


@dataclass(frozen=True)
class Presentation:
    """What is said about a slice."""

    words: str
    """A sentence or two of Markdown."""
    picture: bytes | None = None
    """An SVG."""
    more: Mapping[str, bytes] = field(default_factory=dict)
    """Further pictures, by a name that follows the table's."""

    def pictures(self) -> dict[str, bytes]:
        """All of them, by what follows the table's name: nothing for the first one."""
        first = {"": self.picture} if self.picture else {}
        return first | {f"_{name}": picture for name, picture in self.more.items()}


Present: TypeAlias = Callable[..., Presentation]
"""Makes it. It takes what it names: `rows`, all rows of a company's day; the `company`; the `day`. For tables of at
most some hundreds of rows."""

_OFFERED = ("company", "day", "rows")


def check_presenter(present: Present) -> None:
    """A TypeError when it takes what a presentation is not made of."""
    refuse_other_parameters(present, _OFFERED)


def presented(present: Present, company: Company, day: date, rows: Sequence[Mapping[str, Any]]) -> Presentation:
    """What a table says of a company's day."""
    return call_with_named(present, company=company, day=day, rows=rows)


def markdown_image(picture: bytes, title: str) -> str:
    """A picture that needs no file: Markdown with the image inside."""
    return f"![{title}](data:image/svg+xml;base64,{base64.b64encode(picture).decode()})"


def write_picture(files: FileStore, company: str, day: date, name: str, picture: bytes) -> str:
    """The picture as a file for people: `reports/<company>/<day>/<name>.svg`. Says where it is."""
    path = f"reports/{company}/{day.isoformat()}/{name}.svg"
    files.write(path, picture)
    return files.place(path)
