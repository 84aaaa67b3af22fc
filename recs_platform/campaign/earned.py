"""What a company's messages earned, in two figures of tables that are there: revenue credited to them, and what an arm
brought beyond customers who were drawn and held back. Two small slices are read, whatever the size of the company.

Not here: the whole report (report/).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from recs_platform.companies.model import Company
from recs_platform.pipeline.pipeline import Pipeline
from recs_platform.schemas.campaign import ArmComparison
from recs_platform.schemas.campaign_reports import CampaignSummary
from recs_platform.schemas.table import spec_of
from recs_platform.warehouse.protocol import Warehouse
from recs_platform.warehouse.slices import Days

_SUMMARY, _COMPARISON = spec_of(CampaignSummary).name, spec_of(ArmComparison).name
_REVENUE = "revenue"


@dataclass(frozen=True)
class Lift:
    """What the messages of an arm brought that sending nothing would not have."""

    arm: str
    total: float
    low: float | None
    high: float | None

    @property
    def certain(self) -> bool:
        """Whether chance alone is no explanation: its 95% interval leaves out zero."""
        return self.low is not None and self.high is not None and not self.low <= 0 <= self.high


@dataclass(frozen=True)
class Earned:
    sent: Days
    """The days of messages, as the company's campaign window has them."""
    currency: str
    revenue: float
    """Credited to these messages, net of refunds."""
    orders: int
    provisional_days: int
    """Days of messages whose figures may still change."""
    lift: Lift | None
    """Of the largest arm; None where nobody was held back."""


def earned(warehouse: Warehouse, pipeline: Pipeline, company: Company) -> Earned | None:
    """By the newest day that has a summary; None where nothing was sent, or no messages are told of."""
    if _SUMMARY not in pipeline.specs:
        return None
    days = warehouse.days(pipeline.ref(_SUMMARY, company))
    summary = next(iter(_rows(warehouse, pipeline, company, _SUMMARY, days[-1])), None) if days else None
    if summary is None:
        return None
    return Earned(
        Days(summary["sent_from"], summary["sent_to"]),
        company.currency,
        summary["revenue"],
        summary["orders"],
        summary["provisional_days"],
        _lift(_rows(warehouse, pipeline, company, _COMPARISON, days[-1]), company),
    )


def _lift(rows: Sequence[Mapping[str, Any]], company: Company) -> Lift | None:
    held_out = company.parameters.holdout_arms
    compared = [row for row in rows if row["metric"] == _REVENUE and row["baseline"] in held_out]
    if not compared:
        return None
    largest = min(compared, key=lambda row: (-row["messages"], row["arm"], row["baseline"]))
    return Lift(largest["arm"], largest["total"], largest["total_low"], largest["total_high"])


def _rows(warehouse: Warehouse, pipeline: Pipeline, company: Company, table: str, day: date) -> list[dict[str, Any]]:
    """Of a slice; none where it was not made."""
    ref = pipeline.ref(table, company)
    if day not in warehouse.days(ref):
        return []
    with warehouse.read(ref, Days.one(day)) as reader:
        rows: list[dict[str, Any]] = reader.read_all().to_pylist()
    return rows
