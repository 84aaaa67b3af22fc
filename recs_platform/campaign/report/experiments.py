"""The section on whether messages worked: arms against each other, and after a release against before it.

These tables are about windows of their own, whatever days the report is about; the section says which.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Protocol

from recs_platform.campaign.report.blocks import ReportSection, heading, note, paragraph, table, with_range
from recs_platform.campaign.report.reading import Findings, Row, Rows
from recs_platform.reporting.charts import Axis, Bar, Chart, Write, bars, figure
from recs_platform.reporting.figures import between, count, day, days, money, percent, points, short, tick
from recs_platform.reporting.markup import Html
from recs_platform.warehouse.slices import Days

_ORDER_OF_METRICS = ("opens", "clicks", "clicks_per_open", "orders", "revenue", "opened", "clicked", "ordered")
_DRAWN_METRICS = ("orders", "revenue")
"""Those that arms which are sent nothing have too."""
_COMPARISONS = {"all_customers": "all customers", "same_customers": "the same customers"}
_SUSPICIOUS = 0.001


class Signed(Protocol):
    """Writes a figure; with its sign when asked."""

    def __call__(self, value: float, /, *, sign: bool = False) -> str: ...


def did_it_work(findings: Findings) -> ReportSection | None:
    """None when nothing was compared."""
    arms, periods = findings.standing["arm_comparison"], findings.standing["period_comparison"]
    if not arms and not periods:
        return None
    body = [*(_arms(findings, arms) if arms else ()), *(_periods(findings, periods) if periods else ())]
    return ReportSection("worked", "Did it work?", body)


def _arms(findings: Findings, rows: Rows) -> Iterator[Html]:
    currency = findings.company.currency
    about = f": messages of {days(findings.compared)} whose attribution window is over" if findings.compared else ""
    yield heading("Arms compared")
    yield paragraph(
        f"From the campaign tables of {day(findings.as_of)}, whatever days this report is about{about}. All orders in "
        "the days after the draw count, credited or not, so that customers who are sent nothing can be compared."
    )
    ordered = sorted(_in_order(rows), key=lambda row: (row["arm"], row["baseline"]))
    for metric in _DRAWN_METRICS:
        drawn = [row for row in ordered if row["metric"] == metric]
        if drawn:
            yield figure(arms_chart(metric, drawn, currency))
    yield table(
        "Differences per message, with 95% intervals",
        [
            "Arms",
            "Metric",
            "First",
            "Second",
            "Difference",
            "Always-valid interval",
            "With CUPED",
            "In total",
        ],
        [_arm_row(row, currency) for row in ordered],
        text_columns=2,
    )
    yield note(
        "The interval below a difference is valid for a single look; the always-valid one beside it, however often you "
        "look. CUPED reduces noise by what customers ordered before their first message. “In total” is the difference "
        "times the messages of the first arm: what it brought in that the second would not have. pp: percentage points."
    )
    yield from _draw(findings.standing["sample_ratio"])


def arms_chart(metric: str, rows: Rows, currency: str) -> Chart:
    write = _difference_writer(metric, currency)
    unit = f", {currency}," if metric == "revenue" else " in percentage points"
    axis_write: Write = short if metric == "revenue" else _point_tick
    return chart_of_points(
        f"{metric.capitalize()} per message: difference between arms",
        [
            Bar(
                f"{row['arm']} − {row['baseline']}",
                row["difference"],
                write(row["difference"], sign=True),
                *_ends(row, "fixed"),
            )
            for row in rows
        ],
        Axis(f"Difference per message{unit} with 95% interval for a single look", axis_write),
    )


def _arm_row(row: Row, currency: str) -> Sequence[str]:
    value, difference = _value_writer(row["metric"], currency), _difference_writer(row["metric"], currency)
    return [
        f"{row['arm']} − {row['baseline']}",
        _name(row),
        value(row["value"]),
        value(row["baseline_value"]),
        with_range(difference(row["difference"], sign=True), _range(row, "fixed", difference)),
        _range(row, "anytime", difference),
        ""
        if row["adjusted"] is None
        else with_range(difference(row["adjusted"], sign=True), _range(row, "adjusted", difference)),
        _in_all(row, currency),
    ]


def _in_all(row: Row, currency: str) -> Html:
    def write(value: float) -> str:
        return money(value, currency) if row["metric"] == "revenue" else count(value)

    return with_range(write(row["total"]), _range(row, "total", write))


def _draw(rows: Rows) -> Iterator[Html]:
    """Whether messages were drawn for the arms as planned: if not, arms cannot be compared."""
    if not rows:
        return
    planned = [row for row in rows if row["planned_share"] is not None]
    p_value = planned[0]["p_value"] if planned else None
    if p_value is not None and p_value < _SUSPICIOUS:
        yield paragraph(
            f"The arms were not drawn as planned, by more than chance explains (p = {p_value:.2g}): do not trust the "
            "comparison until this is explained."
        )
    yield table(
        "Messages drawn for each arm",
        ["Arm", "Messages", "Share", *(["Planned"] if planned else [])],
        [
            [
                row["arm"],
                count(row["messages"]),
                percent(row["share"]),
                *([percent(row["planned_share"])] if planned else []),
            ]
            for row in rows
        ],
    )


def _periods(findings: Findings, rows: Rows) -> Iterator[Html]:
    first, currency = rows[0], findings.company.currency
    after, before = Days(first["after_from"], first["after_until"]), Days(first["before_from"], first["before_until"])
    yield heading("Before and after the newest release")
    yield paragraph(
        f"Messages of {days(after)} compared with {days(before)}. The season and the audience change too; the same "
        "customers, who were sent messages in both periods, show less of that."
    )
    for comparison, title in _COMPARISONS.items():
        drawn = [row for row in _in_order(rows) if row["comparison"] == comparison and None not in _ends(row, "ratio")]
        if drawn:
            yield figure(
                chart_of_points(
                    f"Change after the release: {title}",
                    [Bar(_name(row), row["ratio"] - 1, _change(row["ratio"]), *_change_ends(row)) for row in drawn],
                    Axis("Change, with 95% interval", tick),
                )
            )
    yield table(
        "Before and after, with 95% intervals",
        ["Metric", "Of", "Customers", "Before", "After", "Difference", "Change"],
        [_period_row(row, currency) for row in sorted(_in_order(rows), key=lambda row: str(row["comparison"]))],
        text_columns=2,
    )


def _period_row(row: Row, currency: str) -> Sequence[str]:
    value, difference = _value_writer(row["metric"], currency), _difference_writer(row["metric"], currency)
    changed = "" if row["ratio"] is None else with_range(_change(row["ratio"]), _range(row, "ratio", _change))
    return [
        _name(row),
        _COMPARISONS[row["comparison"]],
        _customers(row["customers_before"], row["customers_after"]),
        value(row["before"]),
        value(row["after"]),
        with_range(difference(row["difference"], sign=True), _range(row, "difference", difference)),
        changed,
    ]


def _customers(before: int, after: int) -> str:
    return count(before) if before == after else f"{count(before)}, {count(after)}"


def chart_of_points(title: str, rows: Sequence[Bar], axis: Axis) -> Chart:
    """Estimates with their intervals, about zero."""
    return bars(title, ", ".join(f"{row.label}: {row.text}" for row in rows), rows, axis, points=True)


def _ends(row: Row, what: str) -> tuple[float | None, float | None]:
    return row[f"{what}_low"], row[f"{what}_high"]


def _range(row: Row, what: str, write: Write) -> str:
    """The interval; a unit that both ends have is said once."""
    return between(*_ends(row, what), write).replace(" pp to ", " to ")


def _change(ratio: float) -> str:
    return percent(ratio - 1, 0, sign=True)


def _change_ends(row: Row) -> tuple[float, float]:
    return row["ratio_low"] - 1, row["ratio_high"] - 1


def _in_order(rows: Iterable[Row]) -> list[Row]:
    """In the order in which a customer comes along."""
    return sorted(rows, key=lambda row: _ORDER_OF_METRICS.index(row["metric"]))


def _name(row: Row) -> str:
    return str(row["metric"]).replace("_", " ")


def _value_writer(metric: str, currency: str) -> Write:
    return (
        (lambda value: money(value, currency, cents=True)) if metric == "revenue" else (lambda value: percent(value, 2))
    )


def _difference_writer(metric: str, currency: str) -> Signed:
    def amount(value: float, /, *, sign: bool = False) -> str:
        return money(value, currency, cents=True, sign=sign)

    return amount if metric == "revenue" else points


def _point_tick(difference: float) -> str:
    return tick(difference).removesuffix("%")
