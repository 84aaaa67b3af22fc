"""Canaries: secrets wherever the platform is given one, and a search that finds them however they are kept."""

from __future__ import annotations

import base64
import binascii
import gzip
import re
import sqlite3
import zlib
from collections.abc import Iterator
from contextlib import closing, suppress
from pathlib import Path
from urllib.parse import quote

from sqlalchemy.engine import make_url

PASSWORD, OPTION, QUERY_PASSWORD, FEED, LAKE_KEY, LAKE_TOKEN, SLACK, MAIL, WEBHOOK = CANARIES = (
    "kanarienvogel/db",
    "kanarienvogel-option",
    "kanarienvogel-query",
    "kanarienvogel:feed",
    "kanarienvogel-key",
    "kanarienvogel-token",
    "kanarienvogel-slack",
    "kanarienvogel-mail",
    "kanarienvogel-webhook",
)
_FOUND = re.compile(rb"kanarienvogel[^\x00-\x1f\"' ]{0,20}", re.IGNORECASE)
_BASE64 = re.compile(rb"[A-Za-z0-9+/_-]{16,}={0,2}")
_DEPTH = 3
"""How often a value may be packed into another."""


def with_canaries(url: str) -> str:
    """The URL of a PostgreSQL database that anybody may enter, with a password and an option."""
    return (
        make_url(url)
        .set(password=PASSWORD)
        .update_query_dict({"options": f"-c application_name={OPTION}"}, append=True)
        .render_as_string(hide_password=False)
    )


def canaries_in(content: bytes, depth: int = _DEPTH) -> set[str]:
    """What is found in a value: as it is, or packed as Dagster and others pack."""
    found = {match.group().decode(errors="replace") for match in _FOUND.finditer(content)}
    if quote(PASSWORD, safe="").encode() in content:
        found.add(PASSWORD)
    for unpacked in _unpacked(content) if depth else ():
        found |= canaries_in(unpacked, depth - 1)
    return found


def _unpacked(content: bytes) -> Iterator[bytes]:
    for unpack in (zlib.decompress, gzip.decompress):
        with suppress(zlib.error, OSError, EOFError):
            yield unpack(content)
    with suppress(ValueError):
        yield bytes.fromhex(content.decode("ascii", errors="replace"))
    for text in _BASE64.findall(content):
        with suppress(binascii.Error):
            decoded = base64.b64decode(text + b"=" * (-len(text) % 4), altchars=b"-_" if b"-" in text else None)
            if decoded[:1] in (b"x", b"\x1f"):  # packed once more
                yield decoded


def values_of(path: Path) -> Iterator[tuple[str, bytes]]:
    """Everything in a file: of a database value by value, because it splits long ones over pages."""
    yield str(path), path.read_bytes()
    if path.suffix == ".db":
        with closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as opened:
            for (table,) in opened.execute("SELECT name FROM sqlite_master WHERE type = 'table'").fetchall():
                for number, row in enumerate(opened.execute(f'SELECT * FROM "{table}"')):
                    for value in row:
                        yield f"{path} {table} {number}", value if isinstance(value, bytes) else str(value).encode()
