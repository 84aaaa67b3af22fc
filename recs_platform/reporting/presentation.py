"""What a small table says, in words and as a picture: attached to its asset, and written to a folder for people.

Not here: drawing (pictures.py), and what a particular table says (the strategy's own `pictures.py`).
"""

from __future__ import annotations

import base64
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any, TypeAlias

from recs_platform.companies.model import Company


@dataclass(frozen=True)
class Presentation:
    """What is said about a slice."""

    words: str
    """A sentence or two of Markdown."""
    picture: bytes | None = None
    """A PNG."""


Present: TypeAlias = Callable[[Company, date, Sequence[Mapping[str, Any]]], Presentation]
"""Makes it, of all rows of a company's day. For tables of at most some dozens of rows."""


def markdown_image(png: bytes, title: str) -> str:
    """A picture that needs no file: Markdown with the image inside."""
    return f"![{title}](data:image/png;base64,{base64.b64encode(png).decode()})"


def write_picture(home: Path, company: str, day: date, name: str, png: bytes) -> Path:
    """The picture as a file below the home folder: `reports/<company>/<day>/<name>.png`."""
    path = home / "reports" / company / day.isoformat() / f"{name}.png"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(png)
    return path
