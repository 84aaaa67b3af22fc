"""What a day of vehicle fitment comes to, in a few lines: whom it reaches, how well, and what changed."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from functools import partial
from typing import TYPE_CHECKING

from recs_platform.plurals import counted

if TYPE_CHECKING:
    from recs_platform.companies.model import Company
    from recs_platform.pipeline.pipeline import Pipeline
    from recs_platform.warehouse.protocol import Warehouse


def fitment_story(company: Company, pipeline: Pipeline, warehouse: Warehouse, day: date) -> Iterator[str]:
    """One line a finding; a day without a backtest has none."""
    from recs_platform.pipeline.stored import stored_rows
    from recs_platform.strategies.feedback.outcomes import outcome_lines

    rows = partial(stored_rows, warehouse, pipeline, company, day=day)

    tiers = {row["tier"]: row for row in rows("tier_shares")}
    reached = max((row["customers"] for row in rows("recommended_price")), default=0)
    shares = ", ".join(f"{tier} {row['share_of_recommendations']:.1%}" for tier, row in tiers.items())
    yield f"{counted(reached, 'customer')} reached with four parts each; evidence by tier: {shares}"
    rates = {row["contender"]: row for row in rows("backtest") if row["section"] == "all"}
    if {"segment", "global"} <= rates.keys():
        segment, everybody = rates["segment"], rates["global"]
        yield (
            f"of {segment['purchases']:,} purchases since {segment['recommended_on']}, {segment['match_rate']:.1%} "
            "were in the lists of what owners of the vehicle buy, "
            f"{everybody['match_rate']:.1%} in those of what everybody buys"
        )
    figures = {(row["section"], row["name"]): row for row in rows("comparison")}
    common = figures.get(("customers", "common"))
    unchanged = figures.get(("changed_per_customer", "0"))
    if common and common["count"] and unchanged:
        yield (
            f"compared with what was live: {counted(common['count'], 'customer')} in common, "
            f"{unchanged['share']:.1%} of them with the same four parts"
        )
    yield from outcome_lines(rows("recommendation_outcomes"))
