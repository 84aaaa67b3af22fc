"""The section on treatments: what became of the messages of each, under the name that people call it by."""

from __future__ import annotations

from recs_platform.campaign.report.messages import LARGEST, rate_bar
from recs_platform.campaign.report.provided import has
from recs_platform.campaign.report.reading import Findings, Row, Rows
from recs_platform.plurals import counted
from recs_platform.reporting.blocks import ReportSection, paragraph, part_of, share_cell, table, with_range
from recs_platform.reporting.charts import Axis, Chart, bars, figure
from recs_platform.reporting.figures import NOTHING, count, money, percent, tick
from recs_platform.reporting.markup import Html


def treatments(findings: Findings) -> ReportSection:
    """Question 5."""
    rows = sorted(findings.answers["funnel_by_treatment"], key=lambda row: (-row["sends"], row["treatment_id"]))
    engaged = has(findings.company, "opened")
    later = [step for step in ("opened", "clicked", "ordered") if has(findings.company, step)]
    shown = [
        [
            _named(row, findings),
            count(row["sends"]),
            *(part_of(row[step], row["sends"]) for step in later),
            *([_clicked_of_opened(row)] if engaged else []),
            money(row["revenue"], findings.company.currency, cents=True),
            money(row["revenue_per_send"], findings.company.currency, cents=True),
        ]
        for row in rows[:LARGEST]
    ]
    body = [
        paragraph(
            f"{counted(len(rows), 'treatment')} {'was' if len(rows) == 1 else 'were'} sent. Where the intervals of two "
            "treatments overlap widely, these messages cannot tell which is better"
            + ("; “Where next?” weighs all of them together." if engaged else ".")
        ),
        figure(treatments_chart(rows, "opened" if engaged else "ordered")),
        table(
            "Messages by treatment" + (f", the {LARGEST} most sent of {len(rows)}" if len(rows) > LARGEST else ""),
            [
                "Treatment",
                "Messages",
                *(step.capitalize() for step in later),
                *(["Clicked, of opened"] if engaged else []),
                "Credited revenue",
                "Revenue per message",
            ],
            shown,
        ),
    ]
    return ReportSection("treatments", "Which treatment did best?", body)


def _named(row: Row, findings: Findings) -> Html:
    """What people call it, and the subject of its message below."""
    label = findings.treatment_label(row["treatment_id"])
    return with_range(label, row.get("subject") or NOTHING)


def _clicked_of_opened(row: Row) -> str:
    if row["clicked"] <= row["opened"]:
        return share_cell(row["clicked"], row["opened"])
    return percent(row["click_per_open"])


def treatments_chart(rows: Rows, step: str = "opened") -> Chart:
    """The most sent first: how many were opened, or without a feed of opens, followed by an order."""
    rate, became = ("Open rate", "opened") if step == "opened" else ("Order rate", "followed by an order")
    return bars(
        f"{rate} by treatment" + (f": the {LARGEST} most sent" if len(rows) > LARGEST else ""),
        f"Share of each treatment's messages that were {became}, with its 95% interval, the most sent first.",
        [rate_bar(row["treatment_id"], row[step], row["sends"]) for row in rows[:LARGEST]],
        Axis(f"Share of messages {became}, with 95% interval", tick),
    )
