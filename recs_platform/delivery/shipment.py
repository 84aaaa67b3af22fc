"""The files of one export: written aside, then put in their place, the manifest last.

Who reads an export begins with its manifest, which names every file with its checksum. Until the manifest is there, or
another in its place, what it named before is what the export is: a writer that is killed leaves no half of one. A file
is named by what it holds, so it never changes under its name.

Not here: what stands in the rows (channels.py).
"""

from __future__ import annotations

import csv
import hashlib
import json
import shutil
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any

from recs_platform.errors import StorageError
from recs_platform.file_store.protocol import FileStore
from recs_platform.platform_db.database_errors import storage_error

MANIFEST = "manifest.json"
_DIGITS = 16
"""Of a file's checksum, in its name."""
_PRIVATE = 0o600


@dataclass(frozen=True)
class WrittenFile:
    name: str
    rows: int
    size: int
    sha256: str

    def to_json(self) -> dict[str, Any]:
        return {"name": self.name, "rows": self.rows, "bytes": self.size, "sha256": self.sha256}


@dataclass
class Rows:
    """A CSV file that is being written: UTF-8, a header, cells in quotes where they need them."""

    path: Path
    file: IO[str]
    rows: int = -1
    """Without the header."""
    _writer: Any = field(init=False)

    def __post_init__(self) -> None:
        self._writer = csv.writer(self.file, lineterminator="\n")

    def write(self, cells: Sequence[str]) -> None:
        self._writer.writerow(cells)
        self.rows += 1


@contextmanager
def written_aside(folder: Path) -> Iterator[Rows]:
    """A file for its owner alone. The folder is emptied first and goes at the end: a killed export's rows are personal
    data that nobody looks for."""
    shutil.rmtree(folder, ignore_errors=True)
    try:
        with _explained(str(folder)):
            folder.mkdir(parents=True, mode=0o700)
            path = folder / "rows.csv"
            with path.open("x", encoding="utf-8", newline="") as file:
                path.chmod(_PRIVATE)
                yield Rows(path, file)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def measured(rows: Rows, named: str) -> WrittenFile:
    """What is written so far, under the name that it will have."""
    rows.file.flush()
    digest, size = hashlib.sha256(), 0
    with rows.path.open("rb") as file:
        while chunk := file.read(1 << 20):
            digest.update(chunk)
            size += len(chunk)
    sha256 = digest.hexdigest()
    return WrittenFile(f"{named}-{sha256[:_DIGITS]}.csv", rows.rows, size, sha256)


def manifest_of(files: FileStore, folder: str) -> Mapping[str, Any] | None:
    """What an export's manifest says; None where there is none, or none that can be read."""
    with _explained(files.place(folder)):
        try:
            said = json.loads(files.read(f"{folder}/{MANIFEST}"))
        except (FileNotFoundError, ValueError):
            return None
    return said if isinstance(said, dict) else None


def put(files: FileStore, folder: str, rows: Rows, file: WrittenFile, manifest: Mapping[str, Any]) -> None:
    """The file, then the manifest that names it; then what no manifest names any more goes."""
    text = json.dumps(manifest, ensure_ascii=False, indent=2) + "\n"
    with _explained(files.place(folder)):
        files.upload(rows.path, f"{folder}/{file.name}")
        files.write(f"{folder}/{MANIFEST}", text.encode())
        kept = (f"{folder}/{file.name}", f"{folder}/{MANIFEST}")
        files.remove([name for name in files.listed(folder) if name not in kept])


@contextmanager
def _explained(place: str) -> Iterator[None]:
    """A disk's errors in a person's words."""
    try:
        yield
    except OSError as error:
        raise storage_error(error, place) or StorageError(
            f"{place}: the export cannot be written ({error.strerror}); what was there before stays. Name another "
            "folder with --out."
        ) from error
