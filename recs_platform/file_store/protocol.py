"""What can be done with files by name, wherever they are."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Protocol


@dataclass(frozen=True)
class StoredFile:
    size: int
    """Bytes."""
    changed: datetime
    """In UTC."""


class FileStore(Protocol):
    """A name is a path below the store, such as `reports/metro/2025-12-01/funnel.svg`. A store that does not answer
    raises an UnavailableError, one that must be set up first a ConfigError; a local disk raises its own OSError."""

    def place(self, name: str) -> str:
        """Where a person finds the file: a path or a URL."""

    def read(self, name: str) -> bytes:
        """A FileNotFoundError says that there is none."""

    def read_chunks(self, name: str) -> Iterator[bytes]:
        """A file of any size."""

    def write(self, name: str, content: bytes) -> None:
        """Put a file there, or another in its place: whole or not at all, whatever happens to who writes it."""

    def upload(self, source: Path, name: str) -> None:
        """The same with a file of any size."""

    def change(self, name: str, make: Callable[[bytes | None], bytes]) -> None:
        """Put in a file's place what is made of it, and of nothing else that somebody put there meanwhile: then it is
        made again."""

    def listed(self, folder: str) -> Mapping[str, StoredFile]:
        """Name: the files below a folder, and below its folders."""

    def remove(self, names: Sequence[str]) -> None:
        """One that is gone already is no error."""
