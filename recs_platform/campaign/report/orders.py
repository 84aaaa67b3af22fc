"""The sections on single orders: on which path they came, how long after a message, and the largest of them."""

from __future__ import annotations

from recs_platform.campaign.report.reading import Findings, Rows
from recs_platform.plurals import counted
from recs_platform.reporting.blocks import ReportSection, note, paragraph, strong, table
from recs_platform.reporting.charts import Axis, Bar, Chart, ChartColumn, bars, columns, figure
from recs_platform.reporting.figures import count, day, money, percent, short

SHOWN_ORDERS = 20
_NO_ORDERS = "No order is credited to these messages."
PATH_WORDS = {
    "clicked": "clicked",
    "opened": "opened, not clicked",
    "delivered": "delivered, no open recorded",
    "sent": "sent, nothing more known",
    "total": "all",
}


def paths(findings: Findings) -> ReportSection:
    """Question 2."""
    rows = sorted(findings.answers["conversion_paths"], key=lambda row: row["path_number"])
    title = "Which path did orders take?"
    if not rows:
        return ReportSection("paths", title, [paragraph(_NO_ORDERS)])
    *parts, total = rows
    currency = findings.company.currency
    tracked = sum(row["orders"] for row in parts if row["path"] in ("clicked", "opened"))
    shown = [
        [
            PATH_WORDS[row["path"]],
            count(row["customers"]),
            count(row["orders"]),
            money(row["revenue"], currency, cents=True),
            percent(row["share_of_revenue"]),
        ]
        for row in rows
    ]
    body = [
        paragraph(
            f"{count(tracked)} of {counted(total['orders'], 'order')} came after a recorded open or click. The "
            "others followed a message too, but nothing shows that it was read."
        ),
        figure(paths_chart(parts, currency)),
        table("Orders by path", ["Path", "Customers", "Orders", "Revenue", "Of revenue"], shown, total=True),
        note(
            "Orders and revenue of the paths add up to the total. A customer with orders on two paths counts once for "
            "each."
        ),
    ]
    return ReportSection("paths", title, body)


def paths_chart(parts: Rows, currency: str) -> Chart:
    """The paths without their total."""
    return bars(
        "Credited revenue by the last step before the order",
        ", ".join(f"{PATH_WORDS[row['path']]}: {money(row['revenue'], currency)}" for row in parts),
        [
            Bar(
                PATH_WORDS[row["path"]],
                row["revenue"],
                f"{money(row['revenue'], currency)} · {percent(row['share_of_revenue'])}",
            )
            for row in parts
        ],
        Axis(f"Credited revenue, {currency}", short),
    )


def time_to_purchase(findings: Findings) -> ReportSection:
    """Question 4."""
    rows = sorted(findings.answers["send_to_purchase_time"], key=lambda row: row["day_number"])
    title = "How long after a message do orders come?"
    if not rows:
        return ReportSection("time", title, [paragraph(_NO_ORDERS)])
    currency, until = findings.company.currency, {row["day_number"]: row["share_until"] for row in rows}
    body = [
        paragraph(
            strong(percent(until[1])),
            " of the credited orders come within 24 hours of the message",
            f", {percent(until[2])} within 48 hours." if 2 in until else ".",
        ),
        figure(time_chart(rows)),
        table(
            "Credited orders by day after the message",
            ["Day", "Orders", "Share", "Cumulative share", "Revenue"],
            [
                [
                    str(row["day_number"]),
                    count(row["orders"]),
                    percent(row["share"]),
                    percent(row["share_until"]),
                    money(row["revenue"], currency, cents=True),
                ]
                for row in rows
            ],
        ),
    ]
    return ReportSection("time", title, body)


def time_chart(rows: Rows) -> Chart:
    """The days in their order."""
    until = {row["day_number"]: row["share_until"] for row in rows}
    return columns(
        "Credited orders by day after the message",
        f"{percent(until[1])} within a day, {percent(until.get(2, 1.0))} within two.",
        [
            ChartColumn(
                f"day {row['day_number']}",
                (row["orders"],),
                f"{counted(row['orders'], 'order')}, {percent(row['share_until'])} until then",
            )
            for row in rows
        ],
        Axis("Orders", whole=True),
        "Day after the message (1: the first 24 hours)",
        lambda most: [(n, str(rows[n]["day_number"])) for n in range(0, len(rows), -(-len(rows) // most))],
    )


def largest_orders(findings: Findings) -> ReportSection:
    """Question 9."""
    rows = sorted(findings.answers["opened_then_ordered"], key=lambda row: (-row["revenue"], row["order_id"]))
    title = "Which orders clearly followed a message?"
    if not rows:
        return ReportSection("opened", title, [paragraph("No order came after its message was opened or clicked.")])
    currency = findings.company.currency
    total = sum(round(100 * row["revenue"]) for row in rows) / 100
    shown = [
        [
            row["order_id"],
            row["customer_id"],
            row["treatment_id"],
            day(row["sent_on"]),
            f"{row['ordered_at']:%Y-%m-%d %H:%M}",
            row["path"],
            f"{row['hours_since_sent']:,.1f} h",
            money(row["revenue"], currency, cents=True),
        ]
        for row in rows[:SHOWN_ORDERS]
    ]
    more = f", the {SHOWN_ORDERS} largest of {count(len(rows))}" if len(rows) > SHOWN_ORDERS else ""
    body = [
        paragraph(
            f"{counted(len(rows), 'order')} worth {money(total, currency)} came after an opened or clicked message."
        ),
        table(
            f"Orders after an open or click{more}",
            ["Order", "Customer", "Treatment", "Sent", "Ordered (UTC)", "Path", "After sending", "Revenue"],
            shown,
            text_columns=6,
        ),
    ]
    return ReportSection("opened", title, body)
