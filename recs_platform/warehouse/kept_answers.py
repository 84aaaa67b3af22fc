"""What follows from a query's text and the code that reads it, kept between processes as one file of names.

Reading a syntax tree takes longer than most of what is done with it. An answer is filed under what it follows from: a
key, the code that gives it, sqlglot and Python. To another key it is not known, and no answer is known to other code.
A file that is damaged, is somebody else's, or cannot be read or written means that nothing is known, and is no error.
It holds names alone; nothing in it is ever run.

Not here: what the answers are (`query_facts.py`, `lineage.py`).
"""

from __future__ import annotations

import hashlib
import json
import os
import stat
import sys
import threading
from collections.abc import Sequence
from contextlib import suppress
from functools import cached_property, lru_cache
from importlib.metadata import version
from pathlib import Path
from typing import Any

_LARGEST = 16 * 2**20
_MOST = 2_000
"""Answers of a file; there are a few hundred."""


class KeptAnswers:
    """Of one kind. An answer is what JSON can say."""

    def __init__(self, folder: Path | None, file: str, read_by: Sequence[str]) -> None:
        """`read_by` are the modules that give these answers, as they stand beside this one. The folder is None where
        there is nowhere to keep them."""
        self.folder, self.file, self.read_by = folder, file, tuple(read_by)
        self._used: dict[str, Any] = {}
        """What this process asked for or learned."""

    def known(self, asked: str) -> Any | None:
        """The answer to what was learned before."""
        key = key_of(asked)
        answer = self._used.get(key) or self._stored.get(key)
        if answer is not None:
            self._used[key] = answer
        return answer

    def learn(self, asked: str, answer: Any) -> None:
        self._used[key_of(asked)] = answer

    def keep(self) -> None:
        """Let other processes know what this one used, if they do not know it yet. What nobody asks any more goes
        when there is too much."""
        if self.folder is None or self._used.keys() <= self._stored.keys():
            return
        known = self._stored | self._used
        answers = dict(sorted((known if len(known) <= _MOST else self._used).items()))
        body = json.dumps({"read_by": code_of(self.read_by), "answers": answers}).encode()
        with suppress(OSError):
            _replace(self.folder / self.file, f"{_checksum(body)}\n".encode() + body)
            self.__dict__["_stored"] = answers

    @cached_property
    def _stored(self) -> dict[str, Any]:
        if self.folder is None:
            return {}
        try:
            checksum, _, body = _read(self.folder / self.file).partition(b"\n")
            if checksum.decode() != _checksum(body):
                return {}
            stored = json.loads(body)
            answers = stored["answers"]
            return answers if stored["read_by"] == code_of(self.read_by) and isinstance(answers, dict) else {}
        except (OSError, ValueError, TypeError, KeyError, RecursionError):
            return {}


def key_of(asked: str) -> str:
    return hashlib.sha256(asked.encode(errors="surrogatepass")).hexdigest()


@lru_cache(maxsize=8)
def code_of(read_by: tuple[str, ...]) -> str:
    """Identifies the code that gives the answers."""
    here = Path(__file__).parent
    sources = b"".join((here / name).read_bytes() for name in ("kept_answers.py", *read_by))
    return f"{hashlib.sha256(sources).hexdigest()} sqlglot {version('sqlglot')} Python {sys.version_info[:2]}"


def _checksum(body: bytes) -> str:
    return hashlib.sha256(body).hexdigest()


def _read(path: Path) -> bytes:
    """A plain file of this user that nobody else may write; anything else is an OSError."""
    opened = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    with os.fdopen(opened, "rb") as file:
        status = os.fstat(opened)
        mine = stat.S_ISREG(status.st_mode) and status.st_uid == os.geteuid() and not status.st_mode & 0o022
        if not mine or status.st_size > _LARGEST:
            raise PermissionError(path)
        return file.read()


def _replace(path: Path, content: bytes) -> None:
    """Write the file whole or not at all, for this user alone."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    unfinished = path.with_name(f"{path.name}.{os.getpid()}.{threading.get_ident()}")
    try:
        with os.fdopen(os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW, 0o600), "wb") as file:
            file.write(content)
        unfinished.replace(path)
    except BaseException:
        unfinished.unlink(missing_ok=True)
        raise
