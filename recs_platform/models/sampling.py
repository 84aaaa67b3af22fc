"""Leaving out some of the failures when training, and putting the probabilities right again.

Successes are few, and most failures teach the same thing. Whether a failure is kept is decided by its own name: it
stays in or out whatever else is in the data, on any machine and in any order.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from hashlib import blake2b

import numpy as np

from recs_platform.models.features import Bools, Floats


def rate_for(positives: int, negatives: int, negatives_per_positive: float | None) -> float:
    """The share of failures to keep so that about so many are left per success. None keeps all.

    >>> rate_for(10, 400, 8)
    0.2
    >>> rate_for(10, 40, 8)
    1.0
    """
    if negatives_per_positive is None or not negatives:
        return 1.0
    return min(1.0, negatives_per_positive * positives / negatives)


def keep(ids: Iterable[str | None], labels: Bools, rate: float, salt: str) -> Bools:
    """Which examples to train on: every success, and each failure whose name's hash falls below the rate."""
    if rate >= 1:
        return np.ones(len(labels), dtype=np.bool_)
    return labels | (draws(ids, salt) < rate)


def draws(names: Iterable[str | None], salt: str) -> Floats:
    """A number from 0 up to 1 for each name, as if drawn at random, and always the same."""
    # A copy of a hash that knows the salt takes little more than half the time of a new one.
    salted = blake2b(digest_size=8, key=salt.encode())

    def each() -> Iterator[bytes]:
        for name in names:
            own = salted.copy()
            own.update(str(name).encode())
            yield own.digest()

    drawn = np.frombuffer(b"".join(each()), dtype="<u8")
    # 53 bits, because that is what a float holds exactly.
    return (drawn >> 11).astype(np.float64) * 2.0**-53


def kept_share(kept: Bools, labels: Bools) -> float:
    """The share of failures that were really kept, which is near the rate but not equal to it."""
    return float(kept[~labels].mean()) if (~labels).any() else 1.0


def corrected(raw: Floats, kept: float) -> Floats:
    """Log-odds from those that were learned with only a share `kept` of the failures.

    Leaving out failures whatever their features makes their number r times what it was at every point, and so the odds
    of success p / (1 - p) that the sample shows 1 / r times the true ones. The true odds are r p / (1 - p), hence

        p' = r p / (r p + 1 - p),   or in log-odds: raw' = raw + ln r.

    >>> sigmoid(corrected(np.array([0.0]), 0.25))  # 1 to 1 in the sample is 1 to 4 in truth
    array([0.2])
    """
    log_odds: Floats = raw + np.log(kept)
    return log_odds


def sigmoid(raw: Floats) -> Floats:
    """1 / (1 + exp(-x)) without overflow at either end."""
    small = np.exp(-np.abs(raw))
    return np.where(raw >= 0, 1.0, small) / (1.0 + small)
