"""What an evaluation says of a company's version, in a line: how much of what clients bought next it had listed, and
which other methods it is told to be better or worse than.

Not here: the figures (`evaluation/`).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from recs_platform.plurals import listed

PLACES = 20


def evaluation_story(rows: Sequence[Mapping[str, Any]], version: str) -> Iterator[str]:
    """Nothing where the version was not judged."""
    told = [row for row in rows if row["method"] == version and _is_of_all(row)]
    own = {row["measure"]: row for row in told if not row["compared_with"]}
    recall, ndcg = own.get("recall"), own.get("ndcg")
    if recall is None or ndcg is None or recall["value"] is None or ndcg["value"] is None:
        return
    line = (
        f"of what clients bought next, the first {PLACES} of {version} held {recall['value']:.1%} (NDCG "
        f"{ndcg['value']:.3f}, of {recall['clients']:,} clients)"
    )
    beside = {row["compared_with"]: row for row in told if row["compared_with"] and row["measure"] == "ndcg"}
    better, worse, alike = ([name for name in sorted(beside) if _told(beside[name]) == sign] for sign in (1, -1, 0))
    parts = [
        f"{words} {listed([_quoted(name) for name in names])}"
        for words, names in (("better than", better), ("worse than", worse), ("not told from", alike))
        if names
    ]
    yield line + (f": {', '.join(parts)}" if parts else "")


def _is_of_all(row: Mapping[str, Any]) -> bool:
    return (row["judged"], row["k"], row["part"], row["segment"]) == ("ranking", PLACES, "all", "all")


def _told(row: Mapping[str, Any]) -> int:
    """1 where the interval of a difference is above 0, -1 where it is below."""
    low, high = row["low"], row["high"]
    if low is None or high is None:
        return 0
    return 1 if low > 0 else -1 if high < 0 else 0


def _quoted(name: str) -> str:
    """A name with a comma in it would read as two."""
    return f'"{name}"' if "," in name else name
