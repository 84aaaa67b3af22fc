"""What the small tables of vehicle fitment say: a sentence, and a picture where one helps.

Not here: how pictures look in general (`reporting/pictures.py`).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from itertools import pairwise
from typing import TYPE_CHECKING, Any

from recs_platform.companies.model import Company
from recs_platform.reporting.pictures import COLOURS, draw, horizontal_grid, label_bars
from recs_platform.reporting.presentation import Presentation
from recs_platform.schemas.reporting import CONTENDERS, PRICE_BANDS
from recs_platform.schemas.vehicle_fitment import TIERS
from recs_platform.strategies.strategy import VehicleFitmentParameters

if TYPE_CHECKING:
    from matplotlib.axes import Axes

Rows = Sequence[Mapping[str, Any]]


def show_backtest(company: Company, day: date, rows: Rows) -> Presentation:
    """Match rates of the contenders, and how much better than `global` the pipeline does."""
    parameters = company.parameters
    assert isinstance(parameters, VehicleFitmentParameters)  # noqa: S101  (the strategy's own table)
    if not rows:
        then = day - timedelta(days=parameters.backtest_days)
        return Presentation(
            f"Nothing to test: no owner who was recommended something on {then} has bought anything since, or nothing "
            f"was recommended on {then}. Make that day's recommendations to have a backtest."
        )
    whole = {row["contender"]: row for row in rows if row["section"] == "all"}
    ours = whole["recommended"]
    words = (
        f"Of {ours['purchases']:,} purchases after {ours['recommended_on']}, up to {day}, {ours['matched']:,} were of "
        f"a part that had been recommended to the buyer ({ours['match_rate']:.2%}). "
        f"{_ratio(whole['segment'], whole['global'])}"
    )
    return Presentation(words, draw("Purchases that stood in the list made before them", lambda a: _rates(a, whole)))


def show_tier_shares(company: Company, day: date, rows: Rows) -> Presentation:  # noqa: ARG001
    """Where the evidence of the recommendations comes from."""
    if not rows:
        return Presentation("Nothing is recommended.")
    of = {row["tier"]: row for row in rows}
    words = (
        f"{of['vehicle']['share_of_customers']:.1%} of owners get at least one part that owners of the same vehicle "
        f"ordered; {of['global']['share_of_recommendations']:.1%} of recommendations rest on global sales."
    )
    return Presentation(words, draw("Where the evidence of recommendations comes from", lambda a: _tiers(a, of)))


def show_price_bands(company: Company, day: date, rows: Rows) -> Presentation:  # noqa: ARG001
    """What is earned in each price band."""
    if not rows:
        return Presentation("Nothing was sold in the window.")
    of = {row["price_from"]: row for row in rows}
    dear = sum(row["share_of_revenue"] for row in rows if row["price_from"] >= 500)
    words = f"{dear:.0%} of revenue comes from items of {company.currency} 500 and more."
    title = f"Revenue and order lines by price of the item, {company.currency}"
    return Presentation(words, draw(title, lambda a: _bands(a, of)))


def _ratio(segment: Mapping[str, Any], everybody: Mapping[str, Any]) -> str:
    matched = f"`segment` had {segment['matched']:,} of them in its lists, `global` {everybody['matched']:,}"
    if segment["over_global"] is None:
        return f"{matched}."
    low, high = segment["over_global_low"], segment["over_global_high"]
    upper = "no upper bound" if high is None else f"{high:.1f}"
    return f"{matched}: {segment['over_global']:.1f} times as many (95%: {low:.1f} to {upper})."


def _rates(axes: Axes, whole: Mapping[str, Mapping[str, Any]]) -> None:
    rates = [100 * whole[name]["match_rate"] for name in CONTENDERS]
    ends = [(100 * whole[name]["match_rate_low"], 100 * whole[name]["match_rate_high"]) for name in CONTENDERS]
    # An interval of resamples need not hold the estimate itself when there are very few matches.
    below = [max(rate - low, 0) for rate, (low, _) in zip(rates, ends, strict=True)]
    above = [max(high - rate, 0) for rate, (_, high) in zip(rates, ends, strict=True)]
    x = range(len(CONTENDERS))
    axes.bar(x, rates, width=0.6, color=COLOURS[: len(CONTENDERS)])
    axes.errorbar(x, rates, yerr=[below, above], fmt="none", ecolor="#222222", capsize=4, linewidth=1.2)
    tops = [rate + up for rate, up in zip(rates, above, strict=True)]
    label_bars(axes, list(x), tops, [f"{rate:.2f}%" for rate in rates])
    axes.set_xticks(list(x), CONTENDERS)
    axes.set_ylabel("match rate, % of purchases\n(95% interval)")
    axes.set_ylim(0, max(*tops, 0.01) * 1.15)
    horizontal_grid(axes)


def _tiers(axes: Axes, of: Mapping[str, Mapping[str, Any]]) -> None:
    shares = {
        "recommendations": [100 * of[tier]["share_of_recommendations"] for tier in TIERS],
        "owners with at least one": [100 * of[tier]["share_of_customers"] for tier in TIERS],
    }
    _pairs(axes, list(TIERS), shares)
    axes.set_ylabel("share, %")


def _bands(axes: Axes, of: Mapping[int, Mapping[str, Any]]) -> None:
    def share(column: str) -> list[float]:
        return [100 * of[band][column] if band in of else 0.0 for band in PRICE_BANDS]

    uppers = [f"{low:,}–{high:,}" for low, high in pairwise(PRICE_BANDS)]
    labels = [f"under {PRICE_BANDS[1]}", *uppers[1:], f"from {PRICE_BANDS[-1]:,}"]
    _pairs(axes, labels, {"revenue": share("share_of_revenue"), "order lines": share("share_of_lines")})
    axes.set_ylabel("share, %")


def _pairs(axes: Axes, labels: list[str], shares: Mapping[str, list[float]]) -> None:
    """Two bars side by side for each label."""
    width = 0.4
    for number, (name, values) in enumerate(shares.items()):
        x = [place + (number - 0.5) * width for place in range(len(labels))]
        axes.bar(x, values, width=width * 0.95, color=COLOURS[number], label=name)
        label_bars(axes, x, values, [f"{value:.1f}" for value in values])
    axes.set_xticks(range(len(labels)), labels)
    # The legend has the room above the highest bar to itself.
    axes.set_ylim(0, max(max(values) for values in shares.values()) * 1.3 or 1)
    axes.set_yticks([tick for tick in axes.get_yticks() if tick <= 100])
    axes.legend(fontsize=9, ncols=2, loc="upper left", borderaxespad=0, framealpha=1, edgecolor="white")
    horizontal_grid(axes)
