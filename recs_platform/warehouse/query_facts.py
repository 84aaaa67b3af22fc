"""What is known of a query's text without parsing it again: what it names, kept between processes.

Parsing every query takes longer than a command that only looks may take. What a text names follows from the text, from
the code that reads it and from sqlglot, and the facts are filed under all three: another text is not known, and neither
is any text to other code. Only a text that keeps every rule is learned. A file that is damaged, is somebody else's, or
cannot be read or written means that nothing is known, and is no error. It holds names alone; nothing in it is ever run.

Not here: finding out what a text names (`syntax.py`).
"""

from __future__ import annotations

import hashlib
import json
import os
import stat
import sys
import threading
from contextlib import suppress
from dataclasses import dataclass, field
from functools import cached_property, lru_cache
from importlib.metadata import version
from pathlib import Path

from recs_platform.settings import cache_folder

_FILE = "queries.json"
_LARGEST = 16 * 2**20
_MOST = 2_000
"""Texts; there are a few hundred."""
_READ_BY = (
    "query.py",
    "query_facts.py",
    "query_text.py",
    "syntax.py",
    "day_use.py",
    "indispensable.py",
    "functions.py",
    "../schemas/reserved_words.py",
)
"""The modules that say what a text names, and which texts keep the rules."""


@dataclass(frozen=True)
class DayUse:
    """What a query does with its day, besides giving it as the date column (`day_use.py`)."""

    reason: str
    """Why its rows depend on the day; nothing where they do not."""
    compared: tuple[tuple[str, str], ...] = ()
    """The columns that are compared with the day, each with its table."""
    whole: tuple[str, ...] = ()
    """The tables of which it takes every column; of a snapshot, the day too."""


@dataclass(frozen=True)
class QueryFacts:
    tables: frozenset[str]
    parameters: frozenset[str]
    columns: tuple[str, ...]
    indispensable: frozenset[str]
    day: DayUse


@lru_cache(maxsize=4)
def facts_at(folder: Path | None) -> KeptFacts:
    return KeptFacts(folder)


def facts_kept() -> KeptFacts:
    """Those of this user."""
    return facts_at(cache_folder())


@dataclass
class KeptFacts:
    folder: Path | None
    """None where there is nowhere to keep them."""
    _used: dict[str, QueryFacts] = field(default_factory=dict)
    """What this process asked for or learned, by text."""

    def known(self, text: str) -> QueryFacts | None:
        """The facts of a text that was learned before."""
        key = _key(text)
        facts = self._used.get(key) or self._stored.get(key)
        if facts is not None:
            self._used[key] = facts
        return facts

    def learn(self, text: str, facts: QueryFacts) -> None:
        self._used[_key(text)] = facts

    def keep(self) -> None:
        """Let other processes know what this one used, if they do not know it yet. Texts of which there is another
        version by now go when there are too many."""
        if self.folder is None or self._used.keys() <= self._stored.keys():
            return
        known = self._stored | self._used
        facts = {
            key: [
                sorted(of_text.tables),
                sorted(of_text.parameters),
                of_text.columns,
                sorted(of_text.indispensable),
                [of_text.day.reason, of_text.day.compared, of_text.day.whole],
            ]
            for key, of_text in sorted((known if len(known) <= _MOST else self._used).items())
        }
        body = json.dumps({"read_by": _code(), "facts": facts}).encode()
        with suppress(OSError):
            _replace(self.folder, f"{_checksum(body)}\n".encode() + body)

    @cached_property
    def _stored(self) -> dict[str, QueryFacts]:
        if self.folder is None:
            return {}
        try:
            checksum, _, body = _read(self.folder / _FILE).partition(b"\n")
            if checksum.decode() != _checksum(body):
                return {}
            stored = json.loads(body)
            if stored["read_by"] != _code():
                return {}
            return {
                key: QueryFacts(frozenset(t), frozenset(p), tuple(c), frozenset(i), _day_use(*d))
                for key, (t, p, c, i, d) in stored["facts"].items()
            }
        except (OSError, ValueError, TypeError, KeyError, AttributeError, RecursionError):
            return {}


def _day_use(reason: str, compared: list[tuple[str, str]], whole: list[str]) -> DayUse:
    return DayUse(reason, tuple((table, column) for table, column in compared), tuple(whole))


def _key(text: str) -> str:
    return hashlib.sha256(text.encode(errors="surrogatepass")).hexdigest()


def _checksum(body: bytes) -> str:
    return hashlib.sha256(body).hexdigest()


@lru_cache(maxsize=1)
def _code() -> str:
    """Identifies the code that says what a text names."""
    here = Path(__file__).parent
    sources = b"".join((here / name).read_bytes() for name in _READ_BY)
    return f"{hashlib.sha256(sources).hexdigest()} sqlglot {version('sqlglot')} Python {sys.version_info[:2]}"


def _read(path: Path) -> bytes:
    """A plain file of this user that nobody else may write; anything else is an OSError."""
    opened = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    with os.fdopen(opened, "rb") as file:
        status = os.fstat(opened)
        mine = stat.S_ISREG(status.st_mode) and status.st_uid == os.geteuid() and not status.st_mode & 0o022
        if not mine or status.st_size > _LARGEST:
            raise PermissionError(path)
        return file.read()


def _replace(folder: Path, content: bytes) -> None:
    """Write the file whole or not at all, for this user alone."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    unfinished = folder / f"{_FILE}.{os.getpid()}.{threading.get_ident()}"
    try:
        with os.fdopen(os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW, 0o600), "wb") as file:
            file.write(content)
        unfinished.replace(folder / _FILE)
    except BaseException:
        unfinished.unlink(missing_ok=True)
        raise
