"""What an experiment has shown by a day, in a line per arm: by how much it differs from the control arm, and whether
that can be chance, however often one looks.

Not here: the figures (experiment_results.py).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from typing import Any, TypeAlias

from recs_platform.plurals import counted
from recs_platform.reporting.figures import between, money, percent, points
from recs_platform.schemas.replenishment_reports import DISCOVERIES, EXPERIMENT_METRICS, PRECISION, REVENUE
from recs_platform.statistics.sample_ratio import THRESHOLD

Row: TypeAlias = Mapping[str, Any]
Write: TypeAlias = Callable[[float], str]


def experiment_story(results: Sequence[Row], currency: str) -> Iterator[str]:
    """A line per arm that is compared."""
    for arm in sorted({row["arm"] for row in results if row["difference"] is not None}):
        of_arm = {row["metric"]: row for row in results if row["arm"] == arm}
        yield _line([of_arm[metric] for metric in EXPERIMENT_METRICS if metric in of_arm], currency)


def _line(rows: Sequence[Row], currency: str) -> str:
    first = rows[0]
    beside = (
        f"experiment {first['experiment']}, {first['arm']} against {first['baseline']} "
        f"({counted(first['clients'], 'client')}, {counted(first['client_weeks'], 'list')})"
    )
    ratio = first["ratio_p_value"]
    if ratio is not None and ratio < THRESHOLD:
        return (
            f"{beside}: not comparable, because {first['clients']:,} clients have a list where "
            f"{first['expected_clients']:,.0f} were to be expected"
        )
    return f"{beside}: {'; '.join(_compared(row, currency) for row in rows)}"


def _compared(row: Row, currency: str) -> str:
    named, write, apart = _wording(currency)[row["metric"]]
    sides = f"{named} {write(row['value'])} against {write(row['baseline_value'])}"
    low, high = row["anytime_low"], row["anytime_high"]
    if low is None:
        return f"{sides} (too few clients for an interval)"
    doubt = "not statistically significant" if low <= 0 <= high else "statistically significant"
    return f"{sides} (difference {between(low, high, apart)}, {doubt})"


def _wording(currency: str) -> Mapping[str, tuple[str, Write, Write]]:
    """Of each metric: what it is called, how it is written, and how a difference of it is."""
    amount = partial(money, currency=currency, cents=True)
    return {
        PRECISION: ("bought of what was listed", percent, points),
        DISCOVERIES: ("discoveries bought a week", "{:.2f}".format, "{:.2f}".format),
        REVENUE: ("spent a week", amount, amount),
    }
