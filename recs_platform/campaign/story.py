"""What a company's campaigns come to, in a few lines: what was sent, what it earned and brought, what to send next."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date
from functools import partial
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from recs_platform.companies.model import Company
    from recs_platform.pipeline.pipeline import Pipeline
    from recs_platform.warehouse.protocol import Warehouse


def campaign_story(company: Company, pipeline: Pipeline, warehouse: Warehouse, day: date) -> Iterator[str]:
    """One line a finding; a company that sends nothing has none."""
    from recs_platform.campaign.bandit.evidence import evidence_of
    from recs_platform.campaign.report.provided import engagement_in_words
    from recs_platform.pipeline.stored import stored_rows
    from recs_platform.plurals import counted
    from recs_platform.reporting.figures import money
    from recs_platform.schemas.campaign import EVERYBODY

    rows = partial(stored_rows, warehouse, pipeline, company, day=day)

    for summary in rows("campaign_summary"):
        yield (
            f"{counted(summary['sends'], 'message')} in {counted(summary['campaigns'], 'campaign')}: "
            f"{engagement_in_words(company, summary)}"
            f"{counted(summary['orders'], 'order')} credited, {money(summary['revenue'], company.currency)}"
        )
    for row in rows("arm_comparison"):
        if row["baseline"] in company.parameters.holdout_arms and row["metric"] == "orders":
            yield brought_in(row)
    evidence = evidence_of([row for row in rows("treatment_bandit") if row["segment"] == EVERYBODY])
    if evidence:
        yield f"next: {evidence.sentence(evidence.leader['treatment_id'])}"


def brought_in(row: Mapping[str, Any]) -> str:
    """What an arm's messages added to the orders of those who were sent nothing, and how certain that is."""
    from recs_platform.plurals import counted

    low, high = row["fixed_low"], row["fixed_high"]
    interval = "" if row["total_low"] is None else f"95% interval {row['total_low']:,.0f} to {row['total_high']:,.0f}"
    doubt = "" if low is not None and (low > 0 or high < 0) else "not statistically significant"
    known = "; ".join(part for part in (interval, doubt) if part)
    total = round(row["total"])
    orders = counted(abs(total), "more order" if total > 0 else "fewer order") if total else "no additional orders"
    return f"compared with {row['baseline']}, arm {row['arm']} brought in {orders}" + (f" ({known})" if known else "")
