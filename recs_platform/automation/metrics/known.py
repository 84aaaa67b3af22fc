"""The companies whose metrics are told. Their files are read again when one of them changes: reading hundreds takes
seconds, and somebody asks every few of them."""

from __future__ import annotations

from pathlib import Path
from threading import Lock

from recs_platform.companies.known_companies import Companies
from recs_platform.settings import settings
from recs_platform.strategies.catalogue import load_companies


class KnownCompanies:
    def __init__(self) -> None:
        self._one_at_a_time = Lock()
        self._read: tuple[tuple[tuple[str, int, int], ...], Companies] | None = None

    def __call__(self) -> Companies:
        with self._one_at_a_time:
            files = _files(settings().companies_dir)
            if self._read is None or self._read[0] != files:
                self._read = files, load_companies()
            return self._read[1]


def _files(folder: Path | None) -> tuple[tuple[str, int, int], ...]:
    if folder is None or not folder.is_dir():
        return ()  # load_companies says what is wrong
    found = ((path.name, path.stat()) for path in sorted(folder.iterdir()))
    return tuple((name, stat.st_mtime_ns, stat.st_size) for name, stat in found)
