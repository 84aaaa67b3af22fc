"""What the small tables of vehicle fitment say: a sentence, and a picture where one helps.

Not here: how charts look in general (`reporting/charts.py`).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from itertools import pairwise
from typing import Any

from recs_platform.companies.model import Company
from recs_platform.reporting.charts import Axis, Bar, Chart, bars, picture
from recs_platform.reporting.figures import percent, tick
from recs_platform.reporting.presentation import Presentation
from recs_platform.schemas.reporting import CONTENDERS, PRICE_BANDS
from recs_platform.schemas.vehicle_fitment import TIERS
from recs_platform.strategies.vehicle_fitment.parameters import VehicleFitmentParameters

Rows = Sequence[Mapping[str, Any]]


def show_backtest(company: Company, day: date, rows: Rows) -> Presentation:
    """Match rates of the contenders, and how much better than `global` the pipeline does."""
    parameters = company.parameters
    assert isinstance(parameters, VehicleFitmentParameters)  # noqa: S101  (the strategy's own table)
    if not rows:
        then = day - timedelta(days=parameters.backtest_days)
        return Presentation(
            f"Nothing to test: no owner who was recommended something on {then} has bought anything since, or nothing "
            f"was recommended on {then}. Make that day's recommendations to get a backtest."
        )
    whole = {row["contender"]: row for row in rows if row["section"] == "all"}
    ours = whole["recommended"]
    sentence = (
        f"Of {ours['purchases']:,} purchases after {ours['recommended_on']}, up to {day}, {ours['matched']:,} were of "
        f"a part that had been recommended to the buyer ({ours['match_rate']:.2%}). "
        f"{_ratio(whole['segment'], whole['global'])}"
    )
    return Presentation(sentence, picture(_rates(whole)))


def show_tier_shares(rows: Rows) -> Presentation:
    """Where the evidence of the recommendations comes from."""
    if not rows:
        return Presentation("Nothing is recommended.")
    of = {row["tier"]: row for row in rows}
    sentence = (
        f"{of['vehicle']['share_of_customers']:.1%} of owners get at least one part that owners of the same vehicle "
        f"ordered; {of['global']['share_of_recommendations']:.1%} of recommendations rest on global sales."
    )
    return Presentation(sentence, picture(_tiers(of)))


def show_price_bands(company: Company, rows: Rows) -> Presentation:
    """What is earned in each price band."""
    if not rows:
        return Presentation("Nothing was sold in the window.")
    of = {row["price_from"]: row for row in rows}
    dear = sum(row["share_of_revenue"] for row in rows if row["price_from"] >= 500)
    sentence = f"{dear:.0%} of revenue comes from items of {company.currency} 500 and more."
    return Presentation(sentence, picture(_bands(of, company.currency)))


def _ratio(segment: Mapping[str, Any], everybody: Mapping[str, Any]) -> str:
    matched = f"`segment` had {segment['matched']:,} of them in its lists, `global` {everybody['matched']:,}"
    if segment["over_global"] is None:
        return f"{matched}."
    low, high = segment["over_global_low"], segment["over_global_high"]
    upper = "no upper bound" if high is None else f"{high:.1f}"
    return f"{matched}: {segment['over_global']:.1f} times as many (95% interval: {low:.1f} to {upper})."


def _rates(whole: Mapping[str, Mapping[str, Any]]) -> Chart:
    rows = [
        Bar(name, row["match_rate"], percent(row["match_rate"]), row["match_rate_low"], row["match_rate_high"])
        for name in CONTENDERS
        for row in [whole[name]]
    ]
    axis = Axis("match rate, share of purchases (95% interval)", write=tick)
    return bars("Purchases that stood in the list made before them", "Match rate of each contender.", rows, axis)


def _tiers(of: Mapping[str, Mapping[str, Any]]) -> Chart:
    columns = {"recommendations": "share_of_recommendations", "owners with at least one": "share_of_customers"}
    rows = [_bar(f"{tier}: {name}", of[tier][column]) for tier in TIERS for name, column in columns.items()]
    title = "Where the evidence of recommendations comes from"
    return bars(title, "Shares of recommendations and of owners by tier.", rows, Axis("share", write=tick))


def _bands(of: Mapping[int, Mapping[str, Any]], currency: str) -> Chart:
    uppers = [f"{low:,}-{high:,}" for low, high in pairwise(PRICE_BANDS)]
    labels = [f"under {PRICE_BANDS[1]}", *uppers[1:], f"from {PRICE_BANDS[-1]:,}"]
    columns = {"revenue": "share_of_revenue", "order lines": "share_of_lines"}
    rows = [
        _bar(f"{label}: {name}", of[band][column] if band in of else 0.0)
        for band, label in zip(PRICE_BANDS, labels, strict=True)
        for name, column in columns.items()
    ]
    title = f"Revenue and order lines by price of the item, {currency}"
    return bars(title, "Shares of revenue and of order lines by price band.", rows, Axis("share", write=tick))


def _bar(label: str, share: float) -> Bar:
    return Bar(label, share, percent(share))
