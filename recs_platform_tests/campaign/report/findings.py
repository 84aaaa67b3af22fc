"""Findings written by hand: the campaign of three days that the specification describes, and what stands beside it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import date, datetime
from typing import Any

from recs_platform.campaign.report.reading import STANDING, Findings, Rows
from recs_platform.companies.model import Company, Simulation
from recs_platform.declarations.parameters import Parameters
from recs_platform.strategies.catalogue import STRATEGIES
from recs_platform.strategies.vehicle_fitment.parameters import VehicleFitmentParameters
from recs_platform.warehouse.slices import Days

AS_OF, SENT = date(2025, 12, 4), Days(date(2025, 12, 1), date(2025, 12, 3))
SEEN = {"sent": 34_057, "delivered": 25_252, "opened": 3_670, "clicked": 318, "ordered": 176}
PATHS = {"clicked": (10, 3_864.0), "opened": (108, 47_418.6), "delivered": (58, 22_014.31)}
REVENUE = 73_296.91


def company(**parameters: Any) -> Company:
    given: Parameters = VehicleFitmentParameters(**parameters)
    return Company(
        name="garage",
        strategy=STRATEGIES["vehicle_fitment"],
        dataset="garage",
        timezone="UTC",
        currency="USD",
        start_date=date(2025, 9, 1),
        simulation=Simulation(),
        parameters=given.model_dump(exclude_unset=True),
    )


def findings(answers: Mapping[str, Rows] | None = None, standing: Mapping[str, Rows] | None = None) -> Findings:
    """The campaign; `answers` and `standing` replace tables."""
    return Findings(
        company=company(),
        as_of=AS_OF,
        sent=SENT,
        answers={**_ANSWERS, **(answers or {})},
        standing={**dict.fromkeys(STANDING, ()), **(standing or {})},
        calendar=[_day(1, True, "orders may still come"), _day(2, True, "opens and clicks of 2025-12-03 are missing")],
    )


def empty() -> Findings:
    return replace(findings(dict.fromkeys(_ANSWERS, ())), calendar=())


def _day(number: int, provisional: bool, because: str | None) -> dict[str, Any]:
    return {"day": date(2025, 12, number), "sends": 5, "provisional": provisional, "because": because}


def funnel_rows(level: str = "total", **names: str) -> list[dict[str, Any]]:
    rows = []
    before = None
    for number, (step, customers) in enumerate(SEEN.items(), start=1):
        rows.append(
            {
                "level": level,
                **{"campaign_id": None, "treatment_id": None, "arm": None, "sent_on": None, **names},
                "step": step,
                "step_number": number,
                "sends": customers,
                "customers": customers,
                "share_of_sent": customers / SEEN["sent"],
                "share_of_step_before": customers / before if before else None,
                "sends_share_of_sent": customers / SEEN["sent"],
                "without_step_before": 0,
                "orders": customers if number == 5 else None,
                "revenue": REVENUE if number == 5 else None,
                "provisional": True,
            }
        )
        before = customers
    return rows


def treatment(name: str = "T1", **figures: Any) -> dict[str, Any]:
    row = {
        "treatment_id": name,
        "sends": 100,
        "delivered": 90,
        "opened": 20,
        "clicked": 4,
        "ordered": 2,
        "customers": 99,
    }
    rates = {"open_rate": 0.2, "click_rate": 0.04, "click_per_open": 0.2, "order_rate": 0.02}
    return {**row, **rates, "revenue": 250.0, "revenue_per_send": 2.5, **figures}


def sold(day: date, revenue: float, refunded: float = 0.0) -> dict[str, Any]:
    row = {"ordered_on": day, "orders": 1, "revenue": revenue, "refunded": refunded}
    return {**row, "other_orders": 0, "other_revenue": 0.0, "provisional": False}


def audience(name: str, orders: int, value: float | None, sd: float | None) -> dict[str, Any]:
    row = {"audience": name, "customers": 500, "ordering_customers": orders, "orders": orders}
    ends = {"order_value_low": None, "order_value_high": None}
    return {**row, "revenue": orders * (value or 0.0), "order_value": value, "order_value_sd": sd, **ends}


def brought(total: float, low: float | None, high: float | None) -> dict[str, Any]:
    """What the personalised arm earned beyond those held back."""
    row = {"arm": "personalised", "baseline": "holdout", "metric": "revenue", "messages": 30_000, "customers": 9_000}
    row |= {"value": 2.1, "baseline_value": 1.5, "difference": 0.6, "fixed_low": 0.1, "fixed_high": 1.1}
    row |= {"anytime_low": -0.2, "anytime_high": 1.4, "adjusted": None, "adjusted_low": None, "adjusted_high": None}
    return {**row, "relative": 0.4, "relative_low": None, "relative_high": None, "p_value": 0.02} | {
        "total": total,
        "total_low": low,
        "total_high": high,
    }


_ANSWERS: dict[str, Rows] = {
    "campaign_funnel": [
        *funnel_rows(),
        *funnel_rows("arm", arm="personalised"),
        *funnel_rows("campaign", campaign_id="c1"),
    ],
    "conversion_paths": [
        *(
            {
                "path": path,
                "path_number": number,
                "customers": orders,
                "orders": orders,
                "revenue": revenue,
                "share_of_revenue": revenue / REVENUE,
            }
            for number, (path, (orders, revenue)) in enumerate(PATHS.items(), start=1)
        ),
        {
            "path": "total",
            "path_number": 5,
            "customers": 176,
            "orders": 176,
            "revenue": REVENUE,
            "share_of_revenue": 1.0,
        },
    ],
    "revenue_by_date": [sold(date(2025, 12, 2), 70_000.0), sold(date(2025, 12, 4), 3_296.91, 100.0)],
    "send_to_purchase_time": [
        {"day_number": 1, "orders": 100, "revenue": 40_000.0, "share": 100 / 176, "share_until": 100 / 176},
        {"day_number": 2, "orders": 76, "revenue": 33_296.91, "share": 76 / 176, "share_until": 1.0},
    ],
    "funnel_by_treatment": [treatment("T1"), treatment("T2", sends=300, opened=0, clicked=0, click_per_open=None)],
    "delivery_failures": [
        {"reason": "rate_limit", "messages": 2_000, "share_of_sent": 2_000 / 34_057, "share_of_failed": 0.8},
        {"reason": "api_error", "messages": 500, "share_of_sent": 500 / 34_057, "share_of_failed": 0.2},
        {"reason": "unreported", "messages": 6_305, "share_of_sent": 6_305 / 34_057, "share_of_failed": None},
    ],
    "mailed_against_not": [audience("mailed", 176, 416.46, 300.0), audience("not_mailed", 100, 400.0, 200.0)],
    "engagement_by_hour": [
        {"hour": hour, "opens": opens, "clicks": 1, "machine_opens": 0, "machine_clicks": 0}
        for hour, opens in ((3, 10), (16, 30), (17, 40), (19, 20))
    ],
    "opened_then_ordered": [
        {
            "order_id": "O1",
            "customer_id": "C1",
            "treatment_id": "T1",
            "sent_on": date(2025, 12, 1),
            "path": "clicked",
            "opened_at": None,
            "clicked_at": datetime(2025, 12, 1, 17),
            "ordered_at": datetime(2025, 12, 2, 9, 30),
            "hours_since_sent": 16.5,
            "revenue": 386.4,
        }
    ],
    "campaign_summary": [
        {
            "as_of": AS_OF,
            "sent_from": SENT.first,
            "sent_to": SENT.last,
            "campaigns": 3,
            "treatments": 2,
            "customers": 34_057,
            "sends": 34_057,
            "held_out": 1_200,
            **{step: n for step, n in SEEN.items() if step != "sent"},
            "orders": 176,
            "revenue": REVENUE,
            "refunded": 100.0,
            "revenue_per_send": REVENUE / 34_057,
            "order_value": REVENUE / 176,
            "provisional_days": 2,
        }
    ],
    "machine_engagement": [
        {"rule": "open_on_delivery", "interactions": 900, "share": 0.2, "sends": 900, "only_by_machine": 700},
        {"rule": "click_burst", "interactions": 40, "share": 0.1, "sends": 10, "only_by_machine": 9},
    ],
}
