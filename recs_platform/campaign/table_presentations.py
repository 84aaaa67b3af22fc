"""What the small tables of campaigns say: a sentence, and a picture where one helps.

Not here: how pictures look in general (`reporting/charts.py`), and the page that people read (report/).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

from recs_platform.campaign.bandit.evidence import evidence_of
from recs_platform.campaign.report.experiments import arms_chart, needs_fewer_looks
from recs_platform.campaign.report.measures import metric_name, value_writer
from recs_platform.campaign.report.messages import busiest_hours, hours_chart
from recs_platform.campaign.report.next_treatments import bandit_chart
from recs_platform.campaign.report.orders import paths_chart, time_chart
from recs_platform.campaign.report.provided import engagement_in_words, has
from recs_platform.campaign.report.revenue import filled, revenue_chart
from recs_platform.campaign.report.treatments import treatments_chart
from recs_platform.companies.model import Company
from recs_platform.plurals import counted
from recs_platform.reporting.charts import picture
from recs_platform.reporting.figures import money, percent
from recs_platform.reporting.presentation import Presentation
from recs_platform.schemas.campaign import EVERYBODY
from recs_platform.warehouse.slices import Days

Rows = Sequence[Mapping[str, Any]]


def show_summary(company: Company, rows: Rows) -> Presentation:
    """The campaigns in a sentence."""
    if not rows:
        return Presentation("Nothing was sent.")
    (row,) = rows
    sentence = (
        f"{counted(row['sends'], 'message')} to {counted(row['customers'], 'customer')}: "
        f"{engagement_in_words(company, row)}"
        f"{counted(row['orders'], 'order')} credited, {money(row['revenue'], company.currency)}. "
        "Credited revenue is not incremental: see arm_comparison."
    )
    return Presentation(sentence)


def show_paths(company: Company, rows: Rows) -> Presentation:
    """How far customers had come before they ordered."""
    if not rows:
        return Presentation("No order is credited to a message.")
    *parts, total = sorted(rows, key=lambda row: int(row["path_number"]))
    sentence = f"{counted(total['orders'], 'order')} credited to messages."
    if has(company, "opened"):
        tracked = sum(row["orders"] for row in parts if row["path"] in ("clicked", "opened"))
        sentence = f"{tracked:,} of {counted(total['orders'], 'credited order')} came after a recorded open or click."
    return Presentation(sentence, picture(paths_chart(parts, company.currency)))


def show_revenue(company: Company, day: date, rows: Rows) -> Presentation:
    """What was earned when."""
    if not any(row["orders"] for row in rows):
        return Presentation("No order is credited to a message.")
    days = filled([dict(row) for row in rows], Days(min(row["ordered_on"] for row in rows), day))
    total = sum(round(100 * row["revenue"]) for row in rows) / 100
    sentence = f"{money(total, company.currency)} credited to messages, net of refunds."
    return Presentation(sentence, picture(revenue_chart(days, company.currency)))


def show_time(rows: Rows) -> Presentation:
    """How long to wait for orders."""
    if not rows:
        return Presentation("No order is credited to a message.")
    ordered = sorted(rows, key=lambda row: int(row["day_number"]))
    sentence = f"{percent(ordered[0]['share_until'])} of the credited orders come within a day of the message."
    return Presentation(sentence, picture(time_chart(ordered)))


def show_treatments(company: Company, rows: Rows) -> Presentation:
    """Which treatments are opened."""
    if not rows:
        return Presentation("Nothing was sent.")
    ordered = sorted(rows, key=lambda row: (-row["sends"], row["treatment_id"]))
    drawn = picture(treatments_chart(ordered)) if has(company, "opened") else None
    return Presentation(f"Sent: {counted(len(rows), 'treatment')}.", drawn)


def show_hours(rows: Rows) -> Presentation:
    """When people read."""
    of = {row["hour"]: row["opens"] for row in rows}
    opens = [of.get(hour, 0) for hour in range(24)]
    if not sum(opens):
        return Presentation("No opens by people are on record.")
    start, _ = busiest_hours(opens)
    sentence = f"The busiest four hours begin at {start:02}:00 UTC."
    return Presentation(sentence, picture(hours_chart("Opens by hour", "Opens by people", opens)))


def show_arms(company: Company, rows: Rows) -> Presentation:
    """What each arm brought."""
    if not rows:
        return Presentation("There are no two arms to compare: no messages whose attribution window is over.")
    own = [metric.name for metric in company.parameters.metrics]
    lines = [
        _arm(row, company)
        for row in rows
        if row["metric"] in ("orders", "clicks", *own) and has(company, row["metric"])
    ]
    orders = [row for row in rows if row["metric"] == "orders"]
    drawn = picture(arms_chart("orders", orders, company)) if orders else None
    return Presentation("\n".join(f"- {line}" for line in lines), drawn)


def _arm(row: Mapping[str, Any], company: Company) -> str:
    write = value_writer(row["metric"], company)
    sure = row["anytime_low"] is not None and (row["anytime_low"] > 0 or row["anytime_high"] < 0)
    verdict = "statistically significant, however often you look" if sure else "not statistically significant yet"
    return (
        f"{row['arm']} compared with {row['baseline']}: {write(row['value'])} {metric_name(row['metric'])} per "
        f"message, compared with {write(row['baseline_value'])}; {verdict}.{needs_fewer_looks(row)}"
    )


def show_periods(rows: Rows) -> Presentation:
    """What changed with the newest release."""
    if not rows:
        return Presentation("There are no messages before and after a release to compare.")
    return Presentation("\n".join(f"- {_period(row)}" for row in rows))


def _period(row: Mapping[str, Any]) -> str:
    who = "the same customers" if row["comparison"] == "same_customers" else "all customers"
    times = "" if row["ratio"] is None else f", {row['ratio']:.2f} times as much"
    p_value = "unknown" if row["p_value"] is None else f"{row['p_value']:.3g}"
    return f"{row['metric']}, {who}: {row['before']:.4g} before, {row['after']:.4g} after{times} (p = {p_value})."


def show_bandit(company: Company, rows: Rows) -> Presentation:
    """Where traffic should go next."""
    everybody = [row for row in rows if row["segment"] == EVERYBODY]
    evidence = evidence_of(everybody)
    if evidence is None:
        return Presentation("Nothing was sent: there is no treatment to learn about.")
    retired = sum(row["retired"] for row in everybody)
    sentence = (
        f"{evidence.sentence(evidence.leader['treatment_id'])} Retired treatments: {retired} of {len(everybody)}."
    )
    ordered = sorted(everybody, key=lambda row: (-row["share_next"], row["treatment_id"]))
    reward = company.parameters.bandit_reward.replace("_", " ").capitalize()
    return Presentation(sentence, picture(bandit_chart(ordered, reward)))


def show_off_policy(rows: Rows) -> Presentation:
    """Whether the bandit would have done better than what was sent."""
    lines = []
    for row in rows:
        if row["refused_because"]:
            lines.append(f"{row['policy']}: no estimate. {row['refused_because']}")
        elif row["estimator"] == "gain":
            lines.append(
                f"{row['policy']}: {row['value']:+.3%} clicks per message ({row['value_low']:+.3%} to "
                f"{row['value_high']:+.3%}) compared with what was sent."
                if row["value"] or row["value_low"] != row["value_high"]
                else f"{row['policy']}: exactly what was sent, so it gains and loses nothing."
            )
    return Presentation("\n".join(f"- {line}" for line in lines) or "Nothing was sent, so nothing can be judged.")
