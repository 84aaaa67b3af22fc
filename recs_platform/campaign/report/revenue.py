"""The section on revenue by date: filled days, weeks where days would be too many, and the chart."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta

from recs_platform.campaign.report.reading import Findings, Row
from recs_platform.plurals import counted
from recs_platform.reporting.axis import day_ticks
from recs_platform.reporting.blocks import ReportSection, note, paragraph, strong, table
from recs_platform.reporting.charts import Axis, Chart, ChartColumn, columns, figure
from recs_platform.reporting.figures import count, day, days, money, short
from recs_platform.warehouse.slices import Days

_DAYS_IN_A_TABLE, _DAYS_IN_A_CHART = 31, 150


def revenue(findings: Findings) -> ReportSection:
    """Question 3."""
    rows = findings.answers["revenue_by_date"]
    title = "How much revenue came on each day?"
    if not any(row["orders"] for row in rows):
        return ReportSection("revenue", title, [paragraph("No order is credited to these messages.")])
    currency = findings.company.currency
    best = max(rows, key=lambda row: (row["revenue"], row["ordered_on"]))
    last = max(row["ordered_on"] for row in rows)
    by_day = filled(rows, Days(findings.sent.first, max(last, findings.sent.last)))
    per_week = len(by_day) > _DAYS_IN_A_TABLE
    listed = weeks(by_day) if per_week else by_day
    body = [
        paragraph(
            f"The best day was {day(best['ordered_on'])} with ",
            strong(money(best["revenue"], currency)),
            f" from {counted(best['orders'], 'order')}.",
        ),
        figure(revenue_chart(by_day, currency)),
        table(
            "Revenue by "
            + ("week" if per_week else "day")
            + (" (* may still change)" if any(row["provisional"] for row in listed) else ""),
            [
                "Week from" if per_week else "Day",
                "Credited orders",
                "Credited revenue",
                "Refunded",
                "Other orders",
                "Revenue of other orders",
            ],
            [
                [
                    day(row["ordered_on"]) + (" *" if row["provisional"] else ""),
                    count(row["orders"]),
                    money(row["revenue"], currency, cents=True),
                    money(row["refunded"], currency, cents=True),
                    count(row["other_orders"]),
                    money(row["other_revenue"], currency, cents=True),
                ]
                for row in listed
            ],
        ),
        note(
            "Credited revenue is that of orders after these messages, net of refunds, whenever those came. Other "
            f"orders are those of {days(findings.sent)} that no message is credited with."
        ),
    ]
    return ReportSection("revenue", title, body)


def revenue_chart(by_day: Sequence[Row], currency: str) -> Chart:
    per_week = len(by_day) > _DAYS_IN_A_CHART
    rows = weeks(by_day) if per_week else by_day
    firsts = [row["ordered_on"] for row in rows]
    series = ["credited, net of refunds"]
    if any(row["refunded"] for row in rows):
        series.append("refunded")
    span = Days(firsts[0], firsts[-1])

    def marks(most: int) -> list[tuple[int, str]]:
        return [(_place(tick, firsts), day(tick, year=False)) for tick in day_ticks(span, most)]

    faded = any(row["provisional"] for row in rows)
    return columns(
        "Credited revenue by " + ("week" if per_week else "day") + (" (pale: may still change)" if faded else ""),
        f"{days(span)}: {money(sum(row['revenue'] for row in rows), currency)} in all.",
        [
            ChartColumn(
                day(row["ordered_on"]),
                (row["revenue"], _paid_back_above(row)),
                money(row["revenue"], currency),
                row["provisional"],
            )
            for row in rows
        ],
        Axis(f"Revenue, {currency}", short),
        f"Day of the order (UTC), {_years(span)}"
        if not per_week
        else f"Week of the order, from its Monday, {_years(span)}",
        marks,
        series,
    )


def _paid_back_above(row: Row) -> float:
    """The part of what was sold that lies above what is left of it; all of it, when more than that was paid back."""
    sold: float = row["revenue"] + row["refunded"]
    left: float = row["revenue"]
    return max(0.0, sold - max(left, 0.0))


def _place(tick: date, firsts: Sequence[date]) -> int:
    """The column that a day falls into."""
    return max(number for number, first in enumerate(firsts) if first <= tick)


def _years(span: Days) -> str:
    return str(span.first.year) if span.first.year == span.last.year else f"{span.first.year} to {span.last.year}"


def filled(rows: Sequence[Row], span: Days) -> list[Row]:
    """A row for every day, also for those without any order."""
    nothing = {
        "orders": 0,
        "revenue": 0.0,
        "refunded": 0.0,
        "other_orders": 0,
        "other_revenue": 0.0,
        "provisional": False,
    }
    earned = {row["ordered_on"]: row for row in rows}
    return [earned.get(when, {**nothing, "ordered_on": when}) for when in span]


def weeks(rows: Sequence[Row]) -> list[Row]:
    """Days summed by week, in hundredths so that sums are exact; a week is named by its Monday."""
    summed: dict[date, dict[str, int]] = {}
    for row in rows:
        monday = row["ordered_on"] - timedelta(days=row["ordered_on"].weekday())
        week = summed.setdefault(
            monday, dict.fromkeys(("orders", "revenue", "refunded", "other_orders", "other_revenue"), 0)
        )
        for name in week:
            week[name] += round(100 * row[name])
    open_weeks = {row["ordered_on"] - timedelta(days=row["ordered_on"].weekday()) for row in rows if row["provisional"]}
    return [
        {
            "ordered_on": monday,
            **{name: cents / 100 for name, cents in week.items()},
            "orders": week["orders"] // 100,
            "other_orders": week["other_orders"] // 100,
            "provisional": monday in open_weeks,
        }
        for monday, week in sorted(summed.items())
    ]
