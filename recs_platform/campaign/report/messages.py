"""The sections on what became of messages: the funnel, failures, hours, machines."""

from __future__ import annotations

from collections.abc import Sequence

from recs_platform.campaign.report.provided import has, steps_of
from recs_platform.campaign.report.reading import Findings, Row, Rows
from recs_platform.plurals import counted
from recs_platform.reporting.blocks import (
    ReportSection,
    note,
    paragraph,
    part_of,
    share_cell,
    strong,
    table,
)
from recs_platform.reporting.charts import Axis, Bar, Chart, ChartColumn, bars, columns, figure
from recs_platform.reporting.figures import count, money, percent, share_range, tick
from recs_platform.reporting.markup import Html
from recs_platform.statistics.intervals import proportion

LARGEST = 15
"""Rows of a table in the page; the CSV has all."""
_BUSY_HOURS = 4
_STEPS = ("sent", "delivered", "opened", "clicked", "ordered")


def funnel(findings: Findings) -> ReportSection:
    """Question 1."""
    rows = findings.answers["campaign_funnel"]
    steps = {row["step"]: row for row in rows if row["level"] == "total"}
    sent, shown = steps["sent"]["customers"], steps_of(findings.company)
    chart = bars(
        "Customers who reached each step",
        f"Of {counted(sent, 'customer')} who were sent a message: "
        + ", ".join(f"{percent(steps[step]['share_of_sent'])} {step}" for step in shown[1:]),
        [_step_bar(steps[step], sent) for step in shown],
        Axis("Share of customers who were sent a message, with 95% interval", tick),
    )
    ordered = steps["ordered"]
    body = [
        paragraph(
            f"Of {counted(sent, 'customer')} who were sent a message, {_engaged(findings, steps)}{_share(ordered)} "
            "ordered afterwards."
        ),
        figure(chart),
        table(
            "The funnel, in customers and in messages",
            [
                "Step",
                "Customers",
                "Share of customers",
                "Of previous step",
                "Messages",
                "Share of messages",
                "Previous step missing",
            ],
            [_step_row(steps[step], steps, shown) for step in shown],
        ),
        note(
            "Each step counts a customer once. Feeds may lack a step, such as an order without a click: the last "
            "column counts the messages that got there with no record of the previous step, so more customers may "
            "order than click."
        ),
        _level_table(rows, "arm", "Messages by experiment arm", "Arm", findings),
        _level_table(rows, "campaign", "Messages by campaign", "Campaign", findings),
    ]
    return ReportSection("funnel", "How far did customers get?", body)


def _engaged(findings: Findings, steps: dict[str, Row]) -> str:
    if not has(findings.company, "opened"):
        return ""
    return f"{_share(steps['opened'])} opened one, {_share(steps['clicked'])} clicked, and "


def _step_bar(row: Row, sent: int) -> Bar:
    share = proportion(row["customers"], sent)
    ends = (None, None) if row["step"] == "sent" else (share.low, share.high)
    return Bar(row["step"], row["share_of_sent"], f"{count(row['customers'])} · {percent(row['share_of_sent'])}", *ends)


def _share(row: Row) -> str:
    return f"{count(row['customers'])} ({percent(row['share_of_sent'])})"


def _step_row(row: Row, steps: dict[str, Row], shown: Sequence[str]) -> Sequence[str]:
    """A step whose previous one is not provided has nothing to say of it."""
    number, first = shown.index(row["step"]), steps["sent"]
    follows = _STEPS[max(_STEPS.index(row["step"]) - 1, 0)] in shown
    return [
        row["step"],
        count(row["customers"]),
        share_cell(row["customers"], first["customers"]) if number else "100%",
        percent(row["share_of_step_before"]) if follows else "",
        count(row["sends"]),
        share_cell(row["sends"], first["sends"]) if number else "100%",
        count(row["without_step_before"]) if number > 1 and follows else "",
    ]


def _level_table(rows: Rows, level: str, caption: str, name: str, findings: Findings) -> Html:
    """A row per campaign or arm, the largest first, in messages."""
    column = "arm" if level == "arm" else f"{level}_id"
    groups: dict[str, dict[str, Row]] = {}
    for row in rows:
        if row["level"] == level:
            groups.setdefault(row[column], {})[row["step"]] = row
    ordered = sorted(groups.items(), key=lambda group: (-group[1]["sent"]["sends"], group[0]))
    later = steps_of(findings.company)[1:]
    shown = [
        [
            label + (" *" if steps["sent"]["provisional"] else ""),
            count(steps["sent"]["sends"]),
            *(part_of(steps[step]["sends"], steps["sent"]["sends"]) for step in later),
            money(steps["ordered"]["revenue"], findings.company.currency, cents=True),
        ]
        for label, steps in ordered[:LARGEST]
    ]
    more = f", the {LARGEST} largest of {len(ordered)}" if len(ordered) > LARGEST else ""
    marked = " (* may still change)" if any(steps["sent"]["provisional"] for _, steps in ordered[:LARGEST]) else ""
    headings = [name, "Messages", *(step.capitalize() for step in later), "Credited revenue"]
    return table(f"{caption}{more}{marked}", headings, shown)


def rate_bar(label: str, successes: int, trials: int) -> Bar:
    share = proportion(successes, trials)
    return Bar(label, share.estimate or 0.0, percent(share.estimate), share.low, share.high)


def failures(findings: Findings) -> ReportSection:
    """Question 6."""
    rows = sorted(findings.answers["delivery_failures"], key=lambda row: (-row["messages"], row["reason"]))
    sends = findings.summary["sends"] if findings.summary else 0
    failed = sum(row["messages"] for row in rows if row["reason"] != "unreported")
    title = "What was not delivered, and why?"
    if not rows:
        return ReportSection("failures", title, [paragraph("Every message was reported delivered.")])
    share = proportion(failed, sends)
    shown = [
        [row["reason"], count(row["messages"]), share_cell(row["messages"], sends), percent(row["share_of_failed"])]
        for row in rows
    ]
    body = [
        paragraph(
            f"{count(failed)} of {counted(sends, 'message')} failed: ",
            strong(percent(share.estimate)),
            f" (95% interval {share_range(share)}).",
        ),
        figure(failures_chart(rows, sends)),
        table("Failures by reason", ["Reason", "Messages", "Of messages sent", "Of failed messages"], shown),
        note("“unreported”: the mail provider never reported on the message."),
    ]
    return ReportSection("failures", title, body)


def failures_chart(rows: Rows, sends: int) -> Chart:
    """The most frequent reason first."""
    return bars(
        "Messages not known to have arrived, by reason",
        ", ".join(f"{row['reason']}: {count(row['messages'])}" for row in rows),
        [rate_bar(row["reason"], row["messages"], sends) for row in rows],
        Axis("Share of messages sent, with 95% interval", tick),
    )


def hours(findings: Findings) -> ReportSection:
    """Question 8."""
    by_hour = {row["hour"]: row for row in findings.answers["engagement_by_hour"]}
    title = "When do people read?"
    opens = [by_hour[hour]["opens"] if hour in by_hour else 0 for hour in range(24)]
    clicks = [by_hour[hour]["clicks"] if hour in by_hour else 0 for hour in range(24)]
    if not sum(opens):
        return ReportSection("hours", title, [paragraph("No opens by people are on record.")])
    start, busiest = busiest_hours(opens)
    body = [
        paragraph(
            f"The {_BUSY_HOURS} hours from {start:02}:00 to {(start + _BUSY_HOURS) % 24:02}:00 UTC have ",
            strong(percent(busiest / sum(opens))),
            f" of all {counted(sum(opens), 'open')}.",
        ),
        figure(hours_chart("Opens by hour", "Opens by people", opens)),
        *([figure(hours_chart("Clicks by hour", "Clicks by people", clicks))] if sum(clicks) else []),
        table(
            "Opens and clicks by hour of the day (UTC)",
            ["Hour", "Opens", "Clicks", "Opens by machines", "Clicks by machines"],
            [
                [
                    f"{hour:02}:00",
                    *(count(by_hour[hour][name]) for name in ("opens", "clicks", "machine_opens", "machine_clicks")),
                ]
                for hour in sorted(by_hour)
            ],
        ),
    ]
    return ReportSection("hours", title, body)


def busiest_hours(opens: Sequence[int]) -> tuple[int, int]:
    """The first of the four hours in a row with the most opens, around the clock, and those opens."""
    sums = [sum(opens[(start + n) % 24] for n in range(_BUSY_HOURS)) for start in range(24)]
    return sums.index(max(sums)), max(sums)


def hours_chart(title: str, what: str, counts: Sequence[int]) -> Chart:
    def marks(most: int) -> list[tuple[int, str]]:
        step = next(step for step in (1, 2, 3, 4, 6, 12) if 24 / step <= most or step == 12)
        return [(hour, f"{hour}:00" if step > 1 else str(hour)) for hour in range(0, 24, step)]

    return columns(
        title,
        f"{what}, by hour of the day in UTC; at most {count(max(counts))} in an hour.",
        [ChartColumn(f"{hour:02}:00 UTC", (value,), count(value)) for hour, value in enumerate(counts)],
        Axis(what, whole=True),
        "Hour of the day (UTC)",
        marks,
    )


def machines(findings: Findings) -> ReportSection:
    """What machines opened and clicked."""
    rows = findings.answers["machine_engagement"]
    title = "What did machines open and click?"
    if not rows:
        return ReportSection("machines", title, [paragraph("No opens or clicks look automated.")])
    counted_in = findings.company.parameters.count_machine_engagement
    body = [
        paragraph(
            "Mail programs and security scanners open and click messages too. Such opens and clicks "
            + ("count in the rates, as the company's file asks." if counted_in else "are excluded from all rates.")
        ),
        table(
            "By rule",
            ["Rule", "Opens or clicks", "Of all of that kind", "Messages", "Engaged by machines only"],
            [
                [
                    row["rule"].replace("_", " "),
                    count(row["interactions"]),
                    percent(row["share"]),
                    count(row["sends"]),
                    count(row["only_by_machine"]),
                ]
                for row in rows
            ],
        ),
        note(
            "On delivery: within seconds of it, as when mail programs open and scanners click. Burst: many clicks on "
            "one message within seconds."
        ),
    ]
    return ReportSection("machines", title, body)
