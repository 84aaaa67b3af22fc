"""The Parquet files of one table, wherever the lake is: a local folder, or an object store through delta-rs.

On a local lake DuckDB reads and writes the files itself. On `gs://` it would need an extension that has to be
downloaded; delta-rs brings its own object store, so files are staged locally and uploaded, and read as a dataset.
"""

from __future__ import annotations

import hashlib
import math
import os
import shutil
import time
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import duckdb
import pyarrow as pa
from deltalake import DeltaTable
from deltalake._internal import DeltaFileSystemHandler
from pyarrow.fs import FileType

from recs_platform.schemas.table import TableSpec
from recs_platform.warehouse.lake.checksums import checksum_of, checksums_of, problems, remember
from recs_platform.warehouse.lake.durable import make_folder, on_disk
from recs_platform.warehouse.lake.engine import declared_columns, quoted
from recs_platform.warehouse.lake.spill import in_use
from recs_platform.warehouse.slices import Days

_CHUNK = 8 * 1024 * 1024
_THREADS = 4


@dataclass(frozen=True)
class Files:
    root: str
    location: str
    """The table's folder or URL."""
    scratch: Path

    @property
    def local(self) -> bool:
        return "://" not in self.root

    @property
    def staging(self) -> Path:
        """Where new files wait; on a local lake in the same file system, so that moving them is a rename."""
        return staging_folder(self.root, self.scratch)

    def add(self, staged: Path, paths: Mapping[str, str]) -> None:
        """Bring staged files, which are on the disk, into the table's folder; `paths` says under which names. Nobody
        sees them before the commit."""
        if self.local:
            targets = [Path(self.location) / target for target in paths.values()]
            naming: set[Path] = set()
            for path, target in zip(paths, targets, strict=True):
                naming |= make_folder(target.parent)
                (staged / path).rename(target)
            on_disk(naming)
            remember(targets)
            return
        # deltalake's public PyArrow wrapper hands its stream buffers that the stream refuses; the stream itself works.
        store = DeltaFileSystemHandler(self.location)
        for path, target_name in paths.items():
            with (staged / path).open("rb") as source:
                target_stream = store.open_output_stream(target_name)
                while chunk := source.read(_CHUNK):
                    target_stream.write(chunk)
                target_stream.close()  # type: ignore[attr-defined]  # missing in deltalake's stub

    def copy(self, other: str, paths: Mapping[str, str]) -> None:
        """Copy files of another table of this lake into this table's folder; `paths` says from where to where."""
        if self.local:
            naming: set[Path] = set()
            for path, target in paths.items():
                copied = Path(self.location) / target
                naming |= {copied, *make_folder(copied.parent)}
                shutil.copyfile(Path(other) / path, copied)
            on_disk(naming)
            return
        root = f"{self.root.rstrip('/')}/"
        store = DeltaFileSystemHandler(root)
        for path, target in paths.items():
            store.copy_file(f"{other.removeprefix(root)}/{path}", f"{self.location.removeprefix(root)}/{target}")

    def there(self, paths: Sequence[str]) -> bool:
        """Whether all of these files still stand in the table's folder."""
        if self.local:
            return all((Path(self.location) / path).exists() for path in paths)
        infos = DeltaFileSystemHandler(self.location).get_file_info(list(paths))
        return all(info.type is not FileType.NotFound for info in infos)

    def sizes(self, paths: Sequence[str]) -> dict[str, int]:
        """The bytes of the files that are there."""
        if self.local:
            there = {path: Path(self.location) / path for path in paths}
            return {path: place.stat().st_size for path, place in there.items() if place.exists()}
        infos = DeltaFileSystemHandler(self.location).get_file_info(list(paths)) if paths else []
        return {path: info.size for path, info in zip(paths, infos, strict=True) if info.type is FileType.File}

    def remove(self, paths: Sequence[str]) -> None:
        """Take back files that were not committed."""
        if self.local:
            for path in paths:
                (Path(self.location) / path).unlink(missing_ok=True)
            return
        store = DeltaFileSystemHandler(self.location)
        for path in paths:
            store.delete_file(path)

    @contextmanager
    def sealed(self, paths: Sequence[Path]) -> Iterator[list[Future[str]]]:
        """Begin to write staged files to the disk and to take their checksums, which is done beside other work."""
        seal = _seal if self.local else checksum_of
        with ThreadPoolExecutor(min(len(paths), _THREADS)) as pool:
            yield [pool.submit(seal, path) for path in paths]

    def problems(self, files: Mapping[str, tuple[int, str | None]]) -> dict[str, str]:
        """Path: what is wrong with a file that should have this size and checksum. An object store proves its files
        itself."""
        if not self.local:
            return {}
        paths = {Path(self.location) / path: wanted for path, wanted in files.items()}
        return {str(path.relative_to(self.location)): what for path, what in problems(paths).items()}

    def checksums(self, paths: Sequence[str]) -> list[str]:
        """Of files as they are now."""
        if self.local:
            return checksums_of([Path(self.location) / path for path in paths])
        store = DeltaFileSystemHandler(self.location)
        return [_streamed(store, path) for path in paths]

    @staticmethod
    def remote_relation(
        connection: duckdb.DuckDBPyConnection, spec: TableSpec, table: DeltaTable | None, days: Days | None
    ) -> str | None:
        """A SELECT over a remote table through delta-rs; None when no file holds these days."""
        if table is None:
            return None
        column = spec.date_column
        bounds = [(column, ">=", str(days.first)), (column, "<=", str(days.last))] if days else None
        name = f"{spec.name}_{id(table)}"
        # The newest schema no longer has a column's former name, which older files still have.
        now = pa.schema(table.schema().to_arrow())  # type: ignore[arg-type]  # the stub knows no Arrow C interface
        former = [pa.field(c.formerly, c.type) for c in spec.columns if c.formerly and c.formerly not in now.names]
        dataset = table.to_pyarrow_dataset(partitions=bounds, schema=pa.schema([*now, *former]))
        connection.register(name, dataset)
        return declared_columns(spec, f"SELECT * FROM {quoted(name)}")


def _seal(path: Path) -> str:
    on_disk([path])
    return checksum_of(path)


def _streamed(store: DeltaFileSystemHandler, path: str) -> str:
    digest, file = hashlib.sha256(), store.open_input_file(path)
    while chunk := file.read(_CHUNK):
        digest.update(chunk)
    return digest.hexdigest()


def staging_folder(root: str, scratch: Path) -> Path:
    """Of a lake: beside its tables if it is local, so that moving a file is a rename."""
    return scratch / "staging" if "://" in root else Path(root) / ".staging"


def sweep(folder: Path, age: timedelta, *, dry_run: bool) -> dict[str, int]:
    """Delete a local folder's subfolders that nobody has touched for so long: their process was killed. Says how many
    bytes each had."""
    oldest = time.time() - age.total_seconds()
    left = [path for path in sorted(folder.glob("*/")) if _touched(path) < oldest and not in_use(path)]
    sizes = {f"{path}/": _size(path) for path in left}
    if not dry_run:
        for path in left:
            shutil.rmtree(path, ignore_errors=True)
    return sizes


def _size(folder: Path) -> int:
    """Of what is there; somebody else may take it away meanwhile."""
    total = 0
    for place, _, names in os.walk(folder):
        for name in names:
            with suppress(FileNotFoundError):
                total += Path(place, name).lstat().st_size
    return total


def _touched(path: Path) -> float:
    """When; the time to come for one that its process has just removed."""
    try:
        return path.stat().st_mtime
    except FileNotFoundError:
        return math.inf
