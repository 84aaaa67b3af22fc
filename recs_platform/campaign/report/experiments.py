"""The section on whether messages worked: arms against each other, and after a release against before it.

These tables are about windows of their own, whatever days the report is about; the section says which.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import date

from recs_platform.campaign.report.measures import (
    Writer,
    change,
    difference_writer,
    is_money,
    is_sum,
    metric_name,
    place,
    total_writer,
    value_writer,
)
from recs_platform.campaign.report.provided import has
from recs_platform.campaign.report.reading import Findings, Row, Rows
from recs_platform.companies.model import Company
from recs_platform.reporting.blocks import ReportSection, heading, note, paragraph, table, with_range
from recs_platform.reporting.charts import Axis, Bar, Chart, Write, bars, figure
from recs_platform.reporting.figures import between, count, day, days, percent, short, tick
from recs_platform.reporting.markup import Html
from recs_platform.warehouse.slices import Days

_DRAWN_METRICS = ("orders", "revenue")
"""Those that arms which are sent nothing have too; so they have a company's own."""
_CUPED = "CUPED reduces noise by what customers ordered before their first message."
_NO_CUPED = "Nobody's orders before the first message are known, so noise cannot be reduced by them."
_COMPARISONS = {"all_customers": "all customers", "same_customers": "the same customers"}
_SUSPICIOUS = 0.001


def did_it_work(findings: Findings) -> ReportSection | None:
    """None when nothing was compared."""
    arms, periods = (
        [row for row in findings.standing[name] if has(findings.company, row["metric"])]
        for name in ("arm_comparison", "period_comparison")
    )
    if not arms and not periods:
        return None
    body = [*(_arms(findings, arms) if arms else ()), *(_periods(findings, periods) if periods else ())]
    return ReportSection("worked", "Did it work?", body)


def _arms(findings: Findings, rows: Rows) -> Iterator[Html]:
    company = findings.company
    about = f": messages of {days(findings.compared)} whose attribution window is over" if findings.compared else ""
    yield heading("Arms compared")
    yield paragraph(
        f"From the campaign tables of {day(findings.as_of)}, whatever days this report is about{about}. All orders in "
        "the days after the draw count, credited or not, so that customers who are sent nothing can be compared."
    )
    ordered = sorted(_in_order(rows), key=lambda row: (row["arm"], row["baseline"]))
    for metric in (*_DRAWN_METRICS, *(own.name for own in company.parameters.metrics)):
        drawn = [row for row in ordered if row["metric"] == metric]
        if drawn:
            yield figure(arms_chart(metric, drawn, company))
    adjusted = any(row["adjusted"] is not None for row in ordered)
    yield table(
        "Differences per message, with 95% intervals",
        [
            "Arms",
            "Metric",
            "First",
            "Second",
            "Difference",
            "Always-valid interval",
            *(["With CUPED"] if adjusted else []),
            "In total",
        ],
        [_arm_row(row, company, adjusted=adjusted) for row in ordered],
        text_columns=2,
    )
    yield note(
        "The interval below a difference is valid for a single look; the always-valid one beside it, however often you "
        f"look. {_CUPED if adjusted else _NO_CUPED} “In total” is the difference times the messages of the first arm: "
        "what it brought in that the second would not have. pp: percentage points."
    )
    if company.parameters.covariates_cut_off:
        yield note(f"{company.parameters.covariates_cut_off}.")
    yield from (paragraph(said) for row in ordered if (said := _why_they_differ(row)))
    yield from _draw(findings.standing["sample_ratio"])


def _why_they_differ(row: Row) -> str:
    """One sentence where the interval of a single look and the always-valid one do not say the same."""
    doubt = needs_fewer_looks(row)
    return f"{row['arm']} − {row['baseline']}, {metric_name(row['metric'])}:{doubt}" if doubt else ""


def needs_fewer_looks(row: Row) -> str:
    """Why one interval excludes zero and the other does not; nothing where they agree."""
    if not differs_by_looks(row):
        return ""
    p_value = "" if row["p_value"] is None else f" (p = {row['p_value']:.2g})"
    return (
        f" A single look{p_value} excludes zero, and the always-valid interval includes it, because it is wider: it "
        "allows for a look every day. Trust the single look only if its day was fixed beforehand."
    )


def differs_by_looks(row: Row) -> bool:
    """Whether zero lies outside the interval of a single look and inside the always-valid one."""
    ends = (row["fixed_low"], row["fixed_high"], row["anytime_low"], row["anytime_high"])
    if None in ends:
        return False
    low, high, wide_low, wide_high = ends
    return bool((low > 0 or high < 0) and wide_low <= 0 <= wide_high)


def arms_chart(metric: str, rows: Rows, company: Company) -> Chart:
    write = difference_writer(metric, company)
    money_drawn, numbers = is_money(metric, company), is_sum(metric, company)
    unit = f", {company.currency}," if money_drawn else "" if numbers else " in percentage points"
    axis_write: Write = short if money_drawn or numbers else _point_tick
    return chart_of_points(
        f"{metric_name(metric).capitalize()} per message: difference between arms",
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


def _arm_row(row: Row, company: Company, *, adjusted: bool) -> Sequence[str]:
    value, difference = value_writer(row["metric"], company), difference_writer(row["metric"], company)
    return [
        f"{row['arm']} − {row['baseline']}",
        metric_name(row["metric"]),
        value(row["value"]),
        value(row["baseline_value"]),
        with_range(difference(row["difference"], sign=True), _range(row, "fixed", difference)),
        _range(row, "anytime", difference),
        *([_adjusted(row, difference)] if adjusted else []),
        _in_all(row, company),
    ]


def _adjusted(row: Row, write: Writer) -> str:
    return (
        "" if row["adjusted"] is None else with_range(write(row["adjusted"], sign=True), _range(row, "adjusted", write))
    )


def _in_all(row: Row, company: Company) -> Html:
    write = total_writer(row["metric"], company)
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
    first, company = rows[0], findings.company
    after, before = Days(first["after_from"], first["after_until"]), Days(first["before_from"], first["before_until"])
    released = newest_release(findings) is not None
    yield heading("Before and after the newest release" if released else "The newest days against those before")
    yield paragraph(
        f"Messages of {days(after)} compared with {days(before)}"
        + (". " if released else "; the company's file names no release (releases). ")
        + "The season and the audience change too; the same "
        "customers, who were sent messages in both periods, show less of that."
    )
    for comparison, title in _COMPARISONS.items():
        drawn = [row for row in _in_order(rows) if row["comparison"] == comparison and None not in _ends(row, "ratio")]
        if drawn:
            yield figure(
                chart_of_points(
                    f"Change: {title}",
                    [
                        Bar(metric_name(row["metric"]), row["ratio"] - 1, change(row["ratio"]), *_change_ends(row))
                        for row in drawn
                    ],
                    Axis("Change, with 95% interval", tick),
                )
            )
    yield table(
        "Before and after, with 95% intervals",
        ["Metric", "Of", "Customers", "Before", "After", "Difference", "Change"],
        [_period_row(row, company) for row in sorted(_in_order(rows), key=lambda row: str(row["comparison"]))],
        text_columns=2,
    )


def newest_release(findings: Findings) -> date | None:
    return max((day for day in findings.company.parameters.releases if day <= findings.as_of), default=None)


def _period_row(row: Row, company: Company) -> Sequence[str]:
    value, difference = value_writer(row["metric"], company), difference_writer(row["metric"], company)
    changed = "" if row["ratio"] is None else with_range(change(row["ratio"]), _range(row, "ratio", change))
    return [
        metric_name(row["metric"]),
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


def _change_ends(row: Row) -> tuple[float, float]:
    return row["ratio_low"] - 1, row["ratio_high"] - 1


def _in_order(rows: Iterable[Row]) -> list[Row]:
    """In the order in which a customer comes along."""
    return sorted(rows, key=lambda row: place(row["metric"]))


def _point_tick(difference: float) -> str:
    return tick(difference).removesuffix("%")
