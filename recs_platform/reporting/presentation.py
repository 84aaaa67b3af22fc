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
    """A PNG, or an SVG."""


Present: TypeAlias = Callable[[Company, date, Sequence[Mapping[str, Any]]], Presentation]
"""Makes it, of all rows of a company's day. For tables of at most some dozens of rows."""


def markdown_image(picture: bytes, title: str) -> str:
    """A picture that needs no file: Markdown with the image inside."""
    kind = "svg+xml" if _is_svg(picture) else "png"
    return f"![{title}](data:image/{kind};base64,{base64.b64encode(picture).decode()})"


def write_picture(home: Path, company: str, day: date, name: str, picture: bytes) -> Path:
    """The picture as a file below the home folder: `reports/<company>/<day>/<name>.png`, or `.svg`."""
    path = home / "reports" / company / day.isoformat() / f"{name}.{'svg' if _is_svg(picture) else 'png'}"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(picture)
    return path


def _is_svg(picture: bytes) -> bool:
    return picture.startswith(b"<svg")
