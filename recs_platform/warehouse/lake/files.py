"""The Parquet files of one table, wherever the lake is: a local folder, or an object store through delta-rs.

On a local lake DuckDB reads and writes the files itself. On `gs://` it would need an extension that has to be
downloaded; delta-rs brings its own object store, so files are staged locally and uploaded, and read as a dataset.
"""

from __future__ import annotations

import shutil
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import duckdb
import pyarrow as pa
from deltalake import DeltaTable
from deltalake._internal import DeltaFileSystemHandler
from pyarrow.fs import FileType

from recs_platform.schemas.table import TableSpec
from recs_platform.warehouse.lake.engine import declared_columns, quoted
from recs_platform.warehouse.lake.spill import in_use
from recs_platform.warehouse.slices import Days

_CHUNK = 8 * 1024 * 1024


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
        return Path(self.root) / ".staging" if self.local else self.scratch / "staging"

    def add(self, staged: Path, paths: Sequence[str]) -> None:
        """Bring staged files into the table's folder. Nobody sees them before the commit."""
        if self.local:
            for path in paths:
                target = Path(self.location) / path
                target.parent.mkdir(parents=True, exist_ok=True)
                (staged / path).rename(target)
            return
        # deltalake's public PyArrow wrapper hands its stream buffers that the stream refuses; the stream itself works.
        store = DeltaFileSystemHandler(self.location)
        for path in paths:
            with (staged / path).open("rb") as source:
                target_stream = store.open_output_stream(path)
                while chunk := source.read(_CHUNK):
                    target_stream.write(chunk)
                target_stream.close()  # type: ignore[attr-defined]  # missing in deltalake's stub

    def copy(self, other: str, paths: Mapping[str, str]) -> None:
        """Copy files of another table of this lake into this table's folder; `paths` says from where to where."""
        if self.local:
            for path, target in paths.items():
                (Path(self.location) / target).parent.mkdir(parents=True, exist_ok=True)
                shutil.copyfile(Path(other) / path, Path(self.location) / target)
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

    def remove(self, paths: Sequence[str]) -> None:
        """Take back files that were not committed."""
        if self.local:
            for path in paths:
                (Path(self.location) / path).unlink(missing_ok=True)
            return
        store = DeltaFileSystemHandler(self.location)
        for path in paths:
            store.delete_file(path)

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


def sweep(folder: Path, age: timedelta, *, dry_run: bool) -> list[str]:
    """Delete a local folder's subfolders that nobody has touched for so long: their process was killed."""
    oldest = time.time() - age.total_seconds()
    left = [path for path in sorted(folder.glob("*/")) if path.stat().st_mtime < oldest and not in_use(path)]
    if not dry_run:
        for path in left:
            shutil.rmtree(path, ignore_errors=True)
    return [f"{path}/" for path in left]
