"""What stands on top: the four questions that people come with, each answered in a few lines.

What was sent, what it earned, new against old, what to send next. Not here: the evidence, which the sections below
show (summary.py, experiments.py, next_treatments.py), and how certain one may be (statistics/, bandit/evidence.py).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from recs_platform.campaign.bandit.evidence import evidence_of
from recs_platform.campaign.report.experiments import differs_by_looks, newest_release
from recs_platform.campaign.report.measures import change, difference_writer, metric_name, place, total_writer
from recs_platform.campaign.report.provided import REQUIRED_STEPS, has
from recs_platform.campaign.report.reading import Findings, Row, Rows
from recs_platform.plurals import counted
from recs_platform.reporting.figures import between, count, days, money, percent, points
from recs_platform.reporting.markup import Html, element, joined
from recs_platform.schemas.campaign import EVERYBODY
from recs_platform.warehouse.slices import Days

MOST_LINES, FEW_LINES = 6, 3
"""Of one answer, and of a part of one; the section below has all."""


def four_answers(findings: Findings, summary: Row) -> Html:
    """On a screen they stand side by side, on a phone below each other."""
    answers = [
        _answer("what-was-sent", "What was sent?", _sent(findings, summary)),
        _answer("what-it-earned", "What did it earn?", _earned(findings, summary)),
        _answer("new-against-old", "New against old?", _newer(findings)),
        _answer("what-to-send-next", "What to send next?", _next(findings)),
    ]
    return element("div", *answers, class_="answers")


def _answer(anchor: str, question: str, body: Iterable[Html]) -> Html:
    return element("div", element("h2", question), *body, class_="answer", id=anchor)


def _line(*parts: str) -> Html:
    return element("p", *parts)


def _small(*parts: str) -> Html:
    return element("p", *parts, class_="note")


def _big(figure: str, what: str) -> Html:
    return element("p", element("strong", figure), " ", what, class_="figure")


def _more(anchor: str, title: str) -> Html:
    return _small("More: ", element("a", title, href=f"#{anchor}"))


def _sent(findings: Findings, summary: Row) -> Iterator[Html]:
    yield _big(count(summary["sends"]), counted(summary["sends"], "message").partition(" ")[2])
    held = f"; {count(summary['held_out'])} more held back" if summary["held_out"] else ""
    yield _line(
        f"to {counted(summary['customers'], 'customer')}: {counted(summary['treatments'], 'treatment')} in "
        f"{counted(summary['campaigns'], 'campaign')}{held}."
    )
    steps = [step for step in REQUIRED_STEPS if has(findings.company, step)]
    shares = [f"{percent(summary[step] / summary['sends'])} {step}" for step in steps]
    yield _line(" · ".join([*shares, f"{percent(summary['ordered'] / summary['sends'])} ordered"]))
    yield _more("funnel", "How far did customers get?")


def _earned(findings: Findings, summary: Row) -> Iterator[Html]:
    """What it brought that would not have come anyway, the significant first; then what is only credited."""
    rows = by_significance(findings.incremental)
    if rows:
        shown = headline([row for row in rows if has_interval(row)])
        over = f", messages of {days(findings.compared)}" if findings.compared else ""
        yield _line(element("strong", "Incremental"), f", against customers who were held back{over}:")
        yield _lines([*(_incremental(row, findings) for row in shown), *_too_few(rows)])
    else:
        yield _line(
            element("strong", "Incremental: not known."),
            " No customers were held back from messages old enough to compare with.",
        )
    yield _line(
        element("strong", f"Credited: {money(summary['revenue'], findings.company.currency)}"),
        f" from {counted(summary['orders'], 'order')}{_explicit(summary)}; some would have come without a message.",
    )
    if rows:
        yield _more("worked", "Did it work?")


def _explicit(summary: Row) -> str:
    named = summary.get("explicit_orders")
    if not named or not summary["orders"]:
        return ""
    return f", {percent(named / summary['orders'])} of which name their message, campaign or coupon"


def by_significance(rows: Rows) -> list[Row]:
    """What cannot be chance first, the surest first; then in the order of arms."""
    return sorted(
        rows,
        key=lambda row: (
            not significant(row),
            1.0 if row["p_value"] is None else row["p_value"],
            -row["messages"],
            row["arm"],
            row["baseline"],
            row["metric"],
        ),
    )


def headline(rows: Sequence[Row], most: int = MOST_LINES) -> list[Row]:
    """As many as there is room for, and none of the arms without its surest row."""
    if len(rows) <= most:
        return list(rows)
    first_of_arm = {row["arm"]: number for number, row in reversed(list(enumerate(rows)))}
    chosen = set(first_of_arm.values())
    for number in range(len(rows)):
        if len(chosen) >= most:
            break
        chosen.add(number)
    return [rows[number] for number in sorted(chosen)]


def has_interval(row: Row, what: str = "fixed") -> bool:
    return row[f"{what}_low"] is not None and row[f"{what}_high"] is not None


def significant(row: Row, what: str = "fixed") -> bool:
    return has_interval(row, what) and bool(row[f"{what}_low"] > 0 or row[f"{what}_high"] < 0)


def _too_few(rows: Rows) -> list[Html]:
    """The arms of which nothing can be said, so that none of them is missing."""
    said = {row["arm"] for row in rows if has_interval(row)}
    return [
        joined([f"{arm}: too few customers for an interval"]) for arm in sorted({row["arm"] for row in rows} - said)
    ]


def _lines(rows: Iterable[Html]) -> Html:
    return element("ul", *(element("li", row) for row in rows))


def _incremental(row: Row, findings: Findings) -> Html:
    write = total_writer(row["metric"], findings.company)
    figure = element("strong", f"{write(row['total'], sign=True)} {metric_name(row['metric'])}")
    sure = between(row["total_low"], row["total_high"], write)
    return joined([f"{row['arm']}: ", figure, _sureness(sure, significant(row)), _looks(row)])


def _looks(row: Row) -> str:
    return "; by the always-valid interval it may still be chance" if differs_by_looks(row) else ""


def _sureness(interval: str, sure: bool) -> Html:
    return joined([f" (95% interval {interval}{'' if sure else '; not statistically significant'})"])


def _newer(findings: Findings) -> Iterator[Html]:
    periods = [row for row in findings.standing["period_comparison"] if has(findings.company, row["metric"])]
    if periods:
        first = periods[0]
        after, before = (
            Days(first["after_from"], first["after_until"]),
            Days(first["before_from"], first["before_until"]),
        )
        released = newest_release(findings) is not None
        which = "After the newest release" if released else "No release is named, so the newest days"
        yield _line(f"{which} ({days(after)}) against before ({days(before)}), per message:")
        known = sorted(
            (row for row in periods if has_interval(row, "ratio")),
            key=lambda row: (not _period_is_sure(row), row["comparison"], place(row["metric"])),
        )
        yield _lines(map(_period, known[:FEW_LINES])) if known else _line("Too few customers for an interval.")
    control = _against_the_control(findings)
    if control:
        yield _line(f"Arms against the control arm {control[0]['baseline']}, per message:")
        known = [row for row in by_significance(control) if has_interval(row)]
        lines = [_against_control(row, findings) for row in headline(known, FEW_LINES)]
        yield _lines([*lines, *_too_few(control)])
    if not periods and not control:
        yield _line(
            "Nothing to compare: no release (",
            element("code", "releases"),
            ") lies between these messages, and no other arm was sent something beside the control arm ",
            element("code", findings.company.parameters.control_arm),
            ".",
        )
    else:
        yield _more("worked", "Did it work?")


def _against_the_control(findings: Findings) -> list[Row]:
    """Arms that were sent something, against the control arm that was, too."""
    parameters = findings.company.parameters
    return [
        row
        for row in findings.standing["arm_comparison"]
        if row["baseline"] == parameters.control_arm
        and row["baseline"] not in parameters.holdout_arms
        and has(findings.company, row["metric"])
    ]


def _period_is_sure(row: Row) -> bool:
    return significant(row, "difference")


def _period(row: Row) -> Html:
    of = " of the same customers" if row["comparison"] == "same_customers" else ""
    figure = element("strong", change(row["ratio"]))
    interval = between(row["ratio_low"], row["ratio_high"], change)
    return joined([f"{metric_name(row['metric'])}{of}: ", figure, _sureness(interval, _period_is_sure(row))])


def _against_control(row: Row, findings: Findings) -> Html:
    write = difference_writer(row["metric"], findings.company)
    figure = element("strong", write(row["difference"], sign=True))
    interval = between(row["fixed_low"], row["fixed_high"], write).replace(" pp to ", " to ")
    told = f"{row['arm']}, {metric_name(row['metric'])}: "
    return joined([told, figure, _sureness(interval, significant(row)), _looks(row)])


def _best_arm(findings: Findings) -> str:
    """What arms say where no treatment can be judged: the surest difference in what customers bought or did."""
    rows = by_significance(_against_the_control(findings))
    if not rows:
        return "Nor was a second arm sent something, so nothing is known yet."
    row = rows[0]
    if not significant(row) or differs_by_looks(row):
        return "No arm is better than another beyond chance, so nothing is known yet."
    ahead, behind = (row["arm"], row["baseline"]) if row["difference"] > 0 else (row["baseline"], row["arm"])
    return f"Of the arms, {ahead} brings more {metric_name(row['metric'])} than {behind}, beyond chance."


def _next(findings: Findings) -> Iterator[Html]:
    if not has(findings.company, "clicked"):
        yield _line("Treatments are judged by clicks, and no opens and clicks are provided. ", _best_arm(findings))
        return
    evidence = evidence_of([row for row in findings.standing["treatment_bandit"] if row["segment"] == EVERYBODY])
    if evidence is None:
        yield _line("Nothing was sent, so nothing is known of any treatment.")
        return
    yield _line(evidence.sentence(findings.treatment_label(evidence.leader["treatment_id"])))
    for row in findings.standing["off_policy_evaluation"]:
        if row["estimator"] == "gain" and row["policy"] == "bandit" and row["value"] is not None:
            gain = points(row["value"], sign=True)
            interval = between(row["value_low"], row["value_high"], points).replace(" pp to ", " to ")
            sure = significant(row, "value")
            yield _line(
                f"Choosing by clicks earlier would have changed clicks per message by {gain}",
                _sureness(interval, sure),
                ".",
            )
    yield _more("next", "Where next?")
