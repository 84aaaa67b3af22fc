"""Work on rows in blocks: memory is bounded, and results do not depend on how many threads there are."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

T = TypeVar("T")


def blocks(rows: int, size: int) -> list[slice]:
    """
    >>> blocks(5, 3)
    [slice(0, 3, None), slice(3, 5, None)]
    """
    return [slice(first, min(first + size, rows)) for first in range(0, rows, size)]


def in_blocks(work: Callable[[slice], T], rows: int, size: int, threads: int) -> Iterator[T]:
    """The result of each block, in order."""
    with ThreadPoolExecutor(threads) as pool:
        yield from pool.map(work, blocks(rows, size))
