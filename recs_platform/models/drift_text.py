"""What changed since training, for people: in a row of the drift report, and the report as a whole.

Not here: whether it matters (drift.py).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from recs_platform.models.distribution import Distribution
from recs_platform.models.features import FeatureSpec

_MOST_NAMED = 5


def changed(spec: FeatureSpec, then: Distribution, now: Distribution) -> str:
    """What is typical of a feature in training and now.

    >>> depth = FeatureSpec("discount_depth", "number", "share taken off the price")
    >>> before = Distribution(0.0, (0.5, 0.25, 0.25), edges=(0.2, 0.4))
    >>> changed(depth, before, Distribution(0.1, (0.2, 0.5, 0.2), edges=(0.2, 0.4)))
    'half of them up to 0.4, in training up to 0.2; 10.0% missing, in training 0.0%'
    >>> flag = FeatureSpec("is_own_brand", "flag", "the company's own brand")
    >>> changed(flag, Distribution(0.0, (0.7, 0.3), edges=(0.5,)), Distribution(0.0, (0.6, 0.4), edges=(0.5,)))
    '40.0% yes, in training 30.0%'
    >>> goods = FeatureSpec("category", "category", "category of the item")
    >>> fruit = Distribution(0.0, (0.5, 0.5, 0.0), categories=("Fish", "Fruit"))
    >>> changed(goods, fruit, Distribution(0.0, (0.2, 0.7, 0.1), categories=("Fish", "Fruit")))
    'Fish 20.0%, in training 50.0%'
    """
    if spec.kind == "category":
        change = _most_changed(then, now)
    elif spec.kind == "flag":
        change = f"{now.shares[-1]:.1%} yes, in training {then.shares[-1]:.1%}"
    else:
        change = f"half of them {_middle(now)}, in training {_middle(then)}"
    missing = f"; {now.missing:.1%} missing, in training {then.missing:.1%}"
    return change + (missing if max(now.missing, then.missing) > 0 else "")


def _middle(spread: Distribution) -> str:
    """The bin in which the median of the known values lies."""
    edges = spread.edges or ()
    cumulated = np.cumsum(spread.shares)
    if not edges or not cumulated[-1]:
        return "unknown"
    place = int(np.searchsorted(cumulated, cumulated[-1] / 2 - 1e-12))
    return f"up to {edges[place]:.4g}" if place < len(edges) else f"above {edges[-1]:.4g}"


def _most_changed(then: Distribution, now: Distribution) -> str:
    names = (*(then.categories or ()), "never seen in training")
    moves = np.abs(np.array(now.shares) - np.array(then.shares))
    place = int(moves.argmax())
    return f"{names[place]} {now.shares[place]:.1%}, in training {then.shares[place]:.1%}"


def drift_summary(rows: Sequence[Mapping[str, Any]]) -> str:
    """A report with at least one row: the worst first."""
    since = f"since the training of {rows[0]['trained_on']}"
    drifted, watched = ([row for row in rows if row["verdict"] == verdict] for verdict in ("drifted", "watch"))
    if not drifted and not watched:
        return f"No drift {since}: of {len(rows)} figures, none is beyond its limit and beyond chance."
    first = f"**Drifted** {since}: {_named(drifted)}." if drifted else f"No drift {since}."
    return f"{first} To watch: {_named(watched)}." if watched else first


def _named(rows: Sequence[Mapping[str, Any]]) -> str:
    """Each name once, with the words of its first row."""
    words_by_name = {row["name"]: row["words"] for row in reversed(rows)}
    named = [words_by_name[name] for name in sorted(words_by_name)[:_MOST_NAMED]]
    more = len(words_by_name) - len(named)
    return "; ".join(named) + (f"; and {more} more" if more else "")
