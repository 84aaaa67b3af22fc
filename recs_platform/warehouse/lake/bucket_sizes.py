"""How much is stored of each company in a bucket: the bytes of all objects below its dataset.

A bucket tells sizes by listing what is there, a request for each thousand objects, so a dataset is listed once in a
while and not whenever somebody asks. Not here: folders, which are walked (`sizes.py`).
"""

from __future__ import annotations

import time
from collections.abc import Iterable
from dataclasses import dataclass, field

from recs_platform.file_store.bucket import Bucket

_GOOD_FOR = 3_600.0
"""Seconds."""


@dataclass
class BucketSizes:
    bucket: Bucket
    """Of the lake."""
    _known: dict[str, tuple[float, int]] = field(default_factory=dict)
    """Of each dataset: when it was listed, and its bytes then."""

    def measure(self, datasets: Iterable[str], seconds: float) -> dict[str, int]:
        """Bytes by dataset, of those that were listed lately. A call lists at least one of the others, and more within
        the time; the next call goes on. A dataset that has no table is left out."""
        now = time.monotonic()
        deadline, listed, sizes = now + seconds, 0, {}
        for dataset in datasets:
            known = self._known.get(dataset)
            if known is None or now - known[0] > _GOOD_FOR:
                if listed and time.monotonic() > deadline:
                    continue
                listed += 1
                total = sum(stored.size for stored in self.bucket.listed(dataset).values())
                known = self._known[dataset] = now, total
            if known[1]:
                sizes[dataset] = known[1]
        return sizes
