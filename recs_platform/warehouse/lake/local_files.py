"""The Parquet files of a table in a local folder, where DuckDB reads them."""

from __future__ import annotations

import shutil
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from recs_platform.warehouse.lake.checksums import checksum_of, checksums_of, problems, remember
from recs_platform.warehouse.lake.durable import make_folder, on_disk

_THREADS = 4


@dataclass(frozen=True)
class LocalTableFiles:
    folder: Path

    def add(self, staged: Path, paths: Mapping[str, str]) -> None:
        targets = [self.folder / target for target in paths.values()]
        naming: set[Path] = set()
        for path, target in zip(paths, targets, strict=True):
            naming |= make_folder(target.parent)
            (staged / path).rename(target)
        on_disk(naming)
        remember(targets)

    def copy(self, other: str, paths: Mapping[str, str]) -> None:
        naming: set[Path] = set()
        for path, target in paths.items():
            copied = self.folder / target
            naming |= {copied, *make_folder(copied.parent)}
            shutil.copyfile(Path(other) / path, copied)
        on_disk(naming)

    def there(self, paths: Sequence[str]) -> bool:
        return all((self.folder / path).exists() for path in paths)

    def sizes(self, paths: Sequence[str]) -> dict[str, int]:
        there = {path: self.folder / path for path in paths}
        return {path: place.stat().st_size for path, place in there.items() if place.exists()}

    def remove(self, paths: Sequence[str]) -> None:
        for path in paths:
            (self.folder / path).unlink(missing_ok=True)

    @contextmanager
    def sealed(self, paths: Sequence[Path]) -> Iterator[list[Future[str]]]:
        with ThreadPoolExecutor(min(len(paths), _THREADS)) as pool:
            yield [pool.submit(_seal, path) for path in paths]

    def unproved(self, files: Mapping[str, tuple[int, str | None]]) -> dict[str, str]:
        found = problems({self.folder / path: wanted for path, wanted in files.items()})
        return {str(path.relative_to(self.folder)): what for path, what in found.items()}

    def inspected(self, files: Mapping[str, tuple[int, str | None]]) -> dict[str, str]:
        return self.unproved(files)

    def checksums(self, paths: Sequence[str]) -> list[str]:
        return checksums_of([self.folder / path for path in paths])


def _seal(path: Path) -> str:
    on_disk([path])
    return checksum_of(path)
