"""What a company's campaigns come to, in a few lines: what was sent, what it earned and brought, what to send next."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from functools import partial
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from recs_platform.companies.model import Company
    from recs_platform.pipeline.pipeline import Pipeline
    from recs_platform.warehouse.protocol import Warehouse


def campaign_story(company: Company, pipeline: Pipeline, warehouse: Warehouse, day: date) -> Iterator[str]:
    """One line a finding; a company that sends nothing has none."""
    from recs_platform.pipeline.stored import stored_rows
    from recs_platform.plurals import counted
    from recs_platform.reporting.figures import money, percent
    from recs_platform.schemas.campaign import EVERYBODY

    rows = partial(stored_rows, warehouse, pipeline, company, day=day)

    for summary in rows("campaign_summary"):
        sends = summary["sends"]
        yield (
            f"{counted(sends, 'message')} in {counted(summary['campaigns'], 'campaign')}: "
            f"{percent(summary['opened'] / sends)} opened, {percent(summary['clicked'] / sends)} clicked; "
            f"{counted(summary['orders'], 'order')} credited, {money(summary['revenue'], company.currency)}"
        )
    for row in rows("arm_comparison"):
        if row["baseline"] in company.parameters.holdout_arms and row["metric"] == "orders":
            sure = row["fixed_low"] is not None and row["fixed_low"] > 0
            ends = "" if row["total_low"] is None else f" (95%: {row['total_low']:,.0f} to {row['total_high']:,.0f})"
            which = "more" if row["total"] >= 0 else "fewer"
            yield (
                f"against {row['baseline']}, arm {row['arm']} brought {abs(row['total']):,.0f} orders {which}{ends}"
                f"{'' if sure else ', which chance could have done'}"
            )
    shares = [row for row in rows("treatment_bandit") if row["segment"] == EVERYBODY]
    if shares:
        best = max(shares, key=lambda row: (row["share_next"], row["treatment_id"]))
        share = percent(best["share_next"])
        yield f"next: {best['treatment_id']} gets {share} of the traffic, the most of {len(shares)} treatments"
