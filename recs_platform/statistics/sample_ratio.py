"""Sample-ratio mismatch: did the arms get the shares of customers that were planned?

When they did not, something other than chance chose who is in an arm, and no comparison of the arms can be trusted
until the reason is found. The threshold is strict because the check is looked at every day.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import scipy

THRESHOLD = 0.001
FEWEST_EXPECTED = 5
"""Cochran's rule: below this in any arm the chi-square distribution is no guide, and nothing is judged."""


@dataclass(frozen=True)
class SampleRatioTest:
    """Customers expected per arm, how surprising the counts are, and the verdict."""

    expected: dict[str, float]
    statistic: float | None
    p_value: float | None
    mismatch: bool


def sample_ratio(
    customers: Mapping[str, int], planned: Mapping[str, float], threshold: float = THRESHOLD
) -> SampleRatioTest:
    """Pearson's chi-square of customers per arm against the planned shares, which need not add up to one.

    Customers in an arm that nobody planned are a mismatch by themselves.
    """
    if not planned or min(planned.values()) < 0 or sum(planned.values()) <= 0:
        raise ValueError(f"planned shares must not be negative, and some of them above zero: {dict(planned)}")
    total, shares = sum(customers.values()), sum(planned.values())
    arms = sorted({*customers, *planned})
    expected = {arm: total * planned.get(arm, 0.0) / shares for arm in arms}
    if any(customers.get(arm, 0) for arm in arms if not expected[arm]):
        return SampleRatioTest(expected, None, 0.0, mismatch=True)
    judged = [arm for arm in arms if planned.get(arm, 0.0) > 0]
    if len(judged) < 2 or min(expected[arm] for arm in judged) < FEWEST_EXPECTED:
        return SampleRatioTest(expected, None, None, mismatch=False)
    statistic = sum((customers.get(arm, 0) - expected[arm]) ** 2 / expected[arm] for arm in judged)
    p_value = float(scipy.special.chdtrc(len(judged) - 1, statistic))
    return SampleRatioTest(expected, statistic, p_value, mismatch=p_value < threshold)
