"""How much is stored of each company, with what can still be restored: the bytes of all files of its tables.

A table's log gains a file with every commit, so a table whose log's folder is as it was is not walked again. Not here:
what could be deleted (`vacuum`), and buckets (`bucket_sizes.py`).
"""

from __future__ import annotations

import os
import time
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

_LOG = "_delta_log"


@dataclass
class LakeSizes:
    root: Path
    _known: dict[str, tuple[int, int]] = field(default_factory=dict)
    """Of each table's folder: when its log changed, and its bytes then."""
    _walked: int = 0
    """Tables, in one call."""

    def measure(self, datasets: Iterable[str], seconds: float) -> dict[str, int]:
        """Bytes by dataset, of those that are measured completely. A call walks at least one table, and others within
        the time; the next call goes on. A dataset that has no table is left out."""
        deadline, self._walked = time.monotonic() + seconds, 0
        sizes = {}
        for dataset in datasets:
            size = self._of_dataset(dataset, deadline)
            if size is not None:
                sizes[dataset] = size
        return sizes

    def _of_dataset(self, dataset: str, deadline: float) -> int | None:
        total = 0
        try:
            tables = [entry.path for entry in os.scandir(self.root / dataset) if entry.is_dir(follow_symlinks=False)]
        except FileNotFoundError:
            return None
        for table in tables:
            try:
                changed = Path(table, _LOG).stat().st_mtime_ns
            except FileNotFoundError:
                continue
            known = self._known.get(table)
            if known is None or known[0] != changed:
                if self._walked and time.monotonic() > deadline:
                    return None
                self._walked += 1
                known = self._known[table] = changed, _bytes_in(table)
            total += known[1]
        return total


def _bytes_in(folder: str) -> int:
    """What goes while this looks is not counted."""
    total, folders = 0, [folder]
    while folders:
        try:
            with os.scandir(folders.pop()) as entries:
                for entry in entries:
                    if entry.is_dir(follow_symlinks=False):
                        folders.append(entry.path)
                    else:
                        total += entry.stat(follow_symlinks=False).st_size
        except FileNotFoundError:
            continue
    return total
