"""The section on order value: credited orders against those of customers who were sent nothing."""

from __future__ import annotations

from collections.abc import Mapping

from recs_platform.campaign.report.reading import Findings, Row
from recs_platform.reporting.blocks import ReportSection, note, paragraph, table, with_range
from recs_platform.reporting.charts import Axis, Bar, bars, figure
from recs_platform.reporting.figures import between, count, money, short
from recs_platform.statistics.comparison import Difference, Estimate, compare

AUDIENCE_WORDS = {
    "mailed": "sent messages: credited orders",
    "mailed_not_credited": "sent messages: other orders",
    "not_mailed": "sent nothing",
}


def mailed_against_not(findings: Findings) -> ReportSection:
    """Question 7."""
    rows = {row["audience"]: row for row in findings.answers["mailed_against_not"]}
    currency = findings.company.currency
    title = "Do customers who get messages place larger orders?"
    valued = [row for name in AUDIENCE_WORDS if (row := rows.get(name)) and row["order_value"] is not None]
    body = [paragraph(_difference_words(order_value_difference(rows), currency))]
    if valued:
        chart = bars(
            "Average order value",
            ", ".join(f"{AUDIENCE_WORDS[row['audience']]}: {money(row['order_value'], currency)}" for row in valued),
            [
                Bar(
                    AUDIENCE_WORDS[row["audience"]],
                    row["order_value"],
                    money(row["order_value"], currency),
                    row["order_value_low"],
                    row["order_value_high"],
                )
                for row in valued
            ],
            Axis(f"Average order value, {currency}, with 95% interval", short),
        )
        body.append(figure(chart))
    shown = [
        [
            AUDIENCE_WORDS[name],
            count(rows[name]["customers"]),
            count(rows[name]["ordering_customers"]),
            count(rows[name]["orders"]),
            money(rows[name]["revenue"], currency, cents=True),
            with_range(
                money(rows[name]["order_value"], currency, cents=True),
                between(
                    rows[name]["order_value_low"],
                    rows[name]["order_value_high"],
                    lambda end: money(end, currency, cents=True),
                ),
            ),
        ]
        for name in AUDIENCE_WORDS
        if name in rows
    ]
    body += [
        table(
            "Order value",
            ["Customers", "Total", "Who ordered", "Orders", "Revenue", "Average order value"],
            shown,
        ),
        note(
            "All are orders of the same days: those on which an order was, or could be, credited to these messages. "
            "This does not show the effect of the messages: customers who are sent messages differ from those who are "
            "not. “Did it work?” compares with customers who were held back."
        ),
    ]
    return ReportSection("mailed", title, body)


def order_value_difference(rows: Mapping[str, Row]) -> Difference:
    """Average value of credited orders less that of customers who were sent nothing: Welch's interval."""
    return compare(_order_value(rows.get("mailed")), _order_value(rows.get("not_mailed")))


def _order_value(row: Row | None) -> Estimate:
    if row is None or row["order_value"] is None:
        return Estimate(None, None, 0)
    spread = row["order_value_sd"]
    return Estimate(row["order_value"], spread**2 / row["orders"] if spread else None, row["orders"] - 1)


def _difference_words(difference: Difference, currency: str) -> str:
    if difference.estimate is None:
        return "There is nothing to compare: one side has no orders."
    more = "more" if difference.estimate >= 0 else "less"
    size = money(abs(difference.estimate), currency)
    worth = f"An average credited order is worth {size} {more} than an order of a customer who was sent nothing"
    if difference.low is None or difference.high is None:
        return f"{worth}; there are too few orders for an interval."
    interval = between(difference.low, difference.high, lambda end: money(end, currency))
    chance = "; not statistically significant" if difference.low <= 0 <= difference.high else ""
    return f"{worth} (95% interval of the difference: {interval}{chance})."
