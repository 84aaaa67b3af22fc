"""The campaigns in plain words, what of them may still change, and how to read the rest."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

from recs_platform.campaign.report.answers import by_significance
from recs_platform.campaign.report.experiments import needs_fewer_looks
from recs_platform.campaign.report.measures import is_money, metric_name, total_writer
from recs_platform.campaign.report.provided import REQUIRED_STEPS, has, left_out
from recs_platform.campaign.report.reading import Findings, Row
from recs_platform.plurals import counted
from recs_platform.reporting.blocks import ReportSection, paragraph, strong, table
from recs_platform.reporting.figures import between, count, day, days, money, percent, share_range
from recs_platform.reporting.markup import Html, element
from recs_platform.statistics.intervals import proportion
from recs_platform.warehouse.slices import Days

_CLICK_RULES = ("click_on_delivery", "click_burst")


def nothing_sent(findings: Findings) -> list[Html]:
    """All that there is to say of an empty campaign."""
    return [
        paragraph(
            f"{findings.company.name} sent no messages {_when(findings.sent)}, so there is nothing to measure: no "
            f"funnel, no credited revenue, no comparison. This is what was known on {day(findings.as_of)}."
        )
    ]


def in_plain_words(findings: Findings, summary: Row) -> ReportSection:
    """What was sent, what became of it, what it earned, and what of that it brought."""
    sentences = [_sent(findings, summary), _became(findings, summary), _credited(findings, summary)]
    sentences.append(_incremental(findings))
    if has(findings.company, "opened"):
        sentences.append(_machines(findings))
    listed = element("ul", *(element("li", sentence) for sentence in sentences), class_="words")
    return ReportSection("words", "In plain words", [listed])


def _sent(findings: Findings, summary: Row) -> Html:
    held = summary["held_out"]
    back = f" Another {counted(held, 'message')} were drawn but held back, for comparison." if held else ""
    return element(
        "span",
        f"{findings.company.name} sent ",
        strong(counted(summary["sends"], "message")),
        f" to {counted(summary['customers'], 'customer')} {_when(findings.sent)}: "
        f"{counted(summary['treatments'], 'treatment')} in {counted(summary['campaigns'], 'campaign')}.{back}",
    )


def _became(findings: Findings, summary: Row) -> Html:
    def share(name: str) -> str:
        interval = proportion(summary[name], summary["sends"])
        return f"{percent(interval.estimate)} ({share_range(interval)})"

    words = {"delivered": "were delivered", "opened": "opened", "clicked": "clicked"}
    known = [f"{share(step)} {words[step]}" for step in REQUIRED_STEPS if has(findings.company, step)]
    last = f"{'and ' if known else ''}{share('ordered')} {'' if known else 'were '}followed by an order"
    said = ", ".join([*known, last])
    return element("span", f"Of these messages, {said} (95% intervals in parentheses).")


def _credited(findings: Findings, summary: Row) -> Html:
    currency, window = findings.company.currency, findings.company.parameters.attribution_window_days
    if not summary["orders"]:
        return element("span", f"No order is credited to them: none came within {counted(window, 'day')} of a message.")
    refunds = f", net of {money(summary['refunded'], currency)} in refunds" if summary["refunded"] else ""
    return element(
        "span",
        strong(money(summary["revenue"], currency)),
        f" of revenue is credited to them: {counted(summary['orders'], 'order')} within {counted(window, 'day')} of a "
        f"message{refunds}, {money(summary['order_value'], currency)} per order.{_named(summary)}",
    )


def _named(summary: Row) -> str:
    """Which of the orders say themselves where they come from; nothing where none does."""
    named = summary.get("explicit_orders")
    if not named:
        return ""
    return (
        f" {count(named)} of them ({percent(named / summary['orders'])}) name their message, campaign or coupon, "
        "whenever they came; the others are credited by that window alone."
    )


def _incremental(findings: Findings) -> Html:
    """Credited revenue is not incremental; what is known of the latter."""
    warning = "Credited revenue is not incremental: some of these customers would have ordered without a message. "
    if not findings.incremental:
        return element(
            "span",
            warning,
            "How much the messages added is not known: no customers were held back from messages old enough to "
            "compare with.",
        )
    over = f", over messages of {days(findings.compared)}" if findings.compared else ""
    brought = [element("li", *_brought(row, findings)) for row in by_significance(findings.incremental)]
    return element(
        "span", warning, f"Compared with customers who were drawn but held back{over}:", element("ul", *brought)
    )


def _brought(row: Row, findings: Findings) -> Iterable[str]:
    """What an arm brought beyond those held back, and whether that can be chance."""
    low, high, write = row["total_low"], row["total_high"], total_writer(row["metric"], findings.company)
    what = "" if is_money(row["metric"], findings.company) else f" {metric_name(row['metric'])}"
    more = "more" if row["total"] >= 0 else "less" if is_money(row["metric"], findings.company) else "fewer"
    of = f" ({metric_name(row['metric'])})" if not what and row["metric"] != "revenue" else ""
    yield f"the {counted(row['messages'], 'message')} of arm {row['arm']} brought in "
    yield strong(f"{write(abs(row['total']))} {more}{what}")
    yield f"{of} than sending nothing would have (arm {row['baseline']}"
    if low is None or high is None:
        yield "); there are too few customers for an interval."
        return
    yield f"; 95% interval {between(low, high, write)})."
    yield " The interval includes zero: not statistically significant." if low <= 0 <= high else ""
    yield needs_fewer_looks(row)


def may_change(findings: Findings) -> Html:
    """What is provisional, and why: it stands at the top."""
    sent = [row for row in findings.calendar if row["sends"]]
    still_open = [row for row in sent if row["provisional"]]
    if not still_open:
        return element(
            "p",
            "These figures are final: all orders that could be credited to these messages were in by "
            f"{day(findings.as_of)}.",
        )
    reasons = Counter(row["because"] or "unknown" for row in still_open)
    why = "; ".join(f"{because} ({counted(number, 'day')})" for because, number in sorted(reasons.items()))
    return element(
        "p",
        strong("Provisional: "),
        f"figures for {count(len(still_open))} of {counted(len(sent), 'day')} with messages may still change: {why}.",
    )


def _machines(findings: Findings) -> Html:
    rows = findings.answers["machine_engagement"]
    clicks = sum(row["interactions"] for row in rows if row["rule"] in _CLICK_RULES)
    opens = sum(row["interactions"] for row in rows) - clicks
    if not rows:
        return element("span", "No opens or clicks look automated.")
    kept = findings.company.parameters.count_machine_engagement
    left_out = "are counted like those by people, as the company's file asks" if kept else "are excluded"
    return element("span", f"{counted(opens, 'open')} and {counted(clicks, 'click')} by machines {left_out}.")


def _when(sent: Days) -> str:
    return f"on {day(sent.first)}" if len(sent) == 1 else f"from {days(sent)}"


def nutshell(findings: Findings, summary: Row) -> ReportSection:
    """Question 10: the row of the summary, as it stands."""
    currency = findings.company.currency
    amounts = ("revenue", "refunded", "revenue_per_send", "order_value")

    def value(name: str) -> str:
        if name in amounts:
            return money(summary[name], currency, cents=True)
        return day(summary[name]) if name in ("as_of", "sent_from", "sent_to") else count(summary[name])

    rows = [
        [name.replace("_", " ").capitalize(), value(name)]
        for name in summary
        if summary[name] is not None and has(findings.company, name)
    ]
    return ReportSection("nutshell", "All figures at a glance", [table("Campaign summary", ["Figure", "Value"], rows)])


def how_to_read(findings: Findings) -> ReportSection:
    """What the figures mean."""
    window = counted(findings.company.parameters.attribution_window_days, "day")
    lines = [
        f"Messages are those sent {_when(findings.sent)} (UTC). Figures are what was known at the end of "
        f"{day(findings.as_of)}.",
        "An order is credited to the message that it names (itself, its campaign or its coupon); one that names none, "
        f"to the latest message to its customer in the {window} before it that was not held back and is not known to "
        "have failed. Refunds are deducted from the order that they belong to.",
        "Intervals are 95% intervals: Wilson's for shares, which treats messages as independent; Welch's for "
        "differences between order values.",
        f"Amounts are in {findings.company.currency}. Times are UTC.",
    ]
    lost = left_out(findings.company)
    if lost:
        lines.append(lost)
    return ReportSection("reading", "How to read this", [element("ul", *(element("li", line) for line in lines))])
