"""What BigQuery is asked to do for one piece of work, what that costs, and how much it may cost.

Google bills the bytes that a query reads. A query is first judged by a dry run, which is free; one that would read more
than the limits allow does not begin. Not here: how a job is run (`jobs.py`).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from threading import Lock
from typing import Any

from recs_platform.errors import ConfigError

DOLLARS_PER_TIB = 6.25
"""On demand, in most regions."""
_TIB = 2.0**40


@dataclass
class Bill:
    """Of one piece of work: a slice that is made, a query that is asked."""

    jobs: list[str] = field(default_factory=list)
    read: int = 0
    """Bytes, as the jobs say."""

    def add(self, job: str, read: int | None) -> None:
        self.jobs.append(job)
        self.read += read or 0

    def told(self) -> Mapping[str, Any]:
        """For people.

        >>> Bill(["j1"], 2**40).told()
        {'bytes read': 1099511627776, 'dollars': 6.25, 'jobs': ['j1']}
        """
        return {"bytes read": self.read, "dollars": dollars(self.read), "jobs": list(self.jobs)}

    def __str__(self) -> str:
        """
        >>> str(Bill(["j1", "j2"], 2**30))
        '1.0 GiB read, $0.006104; jobs j1, j2'
        """
        return f"{_size(self.read)} read, ${dollars(self.read)}; jobs {', '.join(self.jobs)}"


@dataclass
class Limits:
    """How many bytes a query may read, and all queries of a run together."""

    query: int | None = None
    run: int | None = None
    """Whoever is no run, such as a daemon that asks for ever, has no such limit."""
    _read: int = 0
    _one_at_a_time: Lock = field(default_factory=Lock)

    def admit(self, what: str, reads: int) -> None:
        """Count what a query is going to read; a ConfigError says which limit that would break, and nothing is read."""
        if self.query is not None and reads > self.query:
            raise ConfigError(
                f"{what}: would read {_size(reads)}, and RECS_BIGQUERY_QUERY_BYTES allows a query {_size(self.query)}. "
                "Nothing was read. Ask for fewer days, or allow more."
            )
        with self._one_at_a_time:
            if self.run is not None and self._read + reads > self.run:
                raise ConfigError(
                    f"{what}: would read {_size(reads)} after {_size(self._read)} of this run, and "
                    f"RECS_BIGQUERY_RUN_BYTES allows a run {_size(self.run)}. Nothing more was read. Run fewer days at "
                    "once, or allow more."
                )
            self._read += reads


def dollars(read: int) -> float:
    return round(read / _TIB * DOLLARS_PER_TIB, 6)


def _size(count: int) -> str:
    """
    >>> _size(5 * 2**30), _size(12)
    ('5.0 GiB', '0.0 GiB')
    """
    return f"{count / 2**30:,.1f} GiB"
