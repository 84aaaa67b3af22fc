"""The section on what to send next: what the bandit knows of each treatment, and whether it would choose better."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from recs_platform.campaign.bandit.evidence import evidence_of
from recs_platform.campaign.report.experiments import chart_of_points
from recs_platform.campaign.report.messages import LARGEST
from recs_platform.campaign.report.reading import Findings, Row, Rows
from recs_platform.plurals import counted
from recs_platform.reporting.blocks import ReportSection, heading, note, paragraph, table, with_range
from recs_platform.reporting.charts import Axis, Bar, Chart, figure
from recs_platform.reporting.figures import between, count, days, percent, points, tick
from recs_platform.reporting.markup import Html
from recs_platform.schemas.campaign import EVERYBODY
from recs_platform.warehouse.slices import Days

_ESTIMATES = {"observed": "observed", "dr": "as proposed (doubly robust)", "gain": "gain"}
"""Those of the page; the CSV also has the other estimators."""


def where_next(findings: Findings) -> ReportSection | None:
    """None when the bandit has seen nothing."""
    treatments = findings.standing["treatment_bandit"]
    rows = sorted(
        (row for row in treatments if row["segment"] == EVERYBODY),
        key=lambda row: (-row["share_next"], row["treatment_id"]),
    )
    reward = findings.company.parameters.bandit_reward.replace("_", " ").capitalize()
    evidence, retired = evidence_of(rows), sum(row["retired"] for row in rows)
    if evidence is None:
        return None
    segments = len({row["segment"] for row in treatments}) - 1
    by_segment = f" The CSV also has the shares of {counted(segments, 'segment')}." if segments > 0 else ""
    more = f", the {LARGEST} with the largest shares of {len(rows)}" if len(rows) > LARGEST else ""
    body = [
        paragraph(
            f"{evidence.sentence(findings.treatment_label(evidence.leader['treatment_id']))} Retired, because they had "
            f"their chance and are almost certainly not the best: {count(retired)} of "
            f"{counted(len(rows), 'treatment')}.{by_segment}"
        ),
        figure(bandit_chart(rows, reward)),
        table(
            f"All customers{more}",
            [
                "Treatment",
                "Opened",
                "Clicked",
                "Rate",
                "Estimate",
                "Chance of being best",
                "Expected loss",
                "Next share",
            ],
            [_treatment_row(row, findings) for row in rows[:LARGEST]],
        ),
        note("The estimate pulls a rate that rests on few messages toward the rate of all treatments."),
        *_judged(findings.standing["off_policy_evaluation"]),
    ]
    return ReportSection("next", "Where next?", body)


def bandit_chart(rows: Rows, reward: str) -> Chart:
    """Those that get most of the traffic, first."""
    more = f", the {LARGEST} with the largest shares of {len(rows)}" if len(rows) > LARGEST else ""
    return chart_of_points(
        f"{reward}, by treatment{more}",
        [
            Bar(row["treatment_id"], row["posterior_mean"], percent(row["posterior_mean"]), *_credible(row))
            for row in rows[:LARGEST]
        ],
        Axis(f"{reward}, with 95% credible interval", tick),
    )


def _credible(row: Row) -> tuple[float, float]:
    return row["credible_low"], row["credible_high"]


def _treatment_row(row: Row, findings: Findings) -> Sequence[str]:
    return [
        findings.treatment_label(row["treatment_id"]) + (" (retired)" if row["retired"] else ""),
        count(row["views"]),
        count(row["clicks"]),
        percent(row["rate"]),
        with_range(percent(row["posterior_mean"]), between(*_credible(row), percent)),
        percent(row["chance_best"]),
        percent(row["expected_loss"]),
        percent(row["share_next"]),
    ]


def _judged(rows: Rows) -> Iterator[Html]:
    """Whether other choices would have earned more clicks."""
    shown = [row for row in rows if row["estimator"] in _ESTIMATES and not row["refused_because"]]
    refused = {row["policy"]: row["refused_because"] for row in rows if row["refused_because"]}
    if rows:
        yield heading("Would another policy have earned more clicks?")
    for policy, because in sorted(refused.items()):
        yield paragraph(f"{_policy(policy)}: no estimate. {because}")
    if not shown:
        return
    yield table(
        "Clicks per message, with 95% intervals",
        ["Policy", "Estimate", "Clicks per message", "Messages", "Effective messages", "Sent"],
        [
            _judged_row(row)
            for row in sorted(shown, key=lambda row: (row["policy"], list(_ESTIMATES).index(row["estimator"])))
        ],
        text_columns=2,
    )
    yield note(
        "“Bandit” is what the bandit would have proposed from the earlier messages alone, judged by the later ones; "
        "“uniform” sends all treatments equally. pp: percentage points."
    )


def _judged_row(row: Row) -> Sequence[str]:
    def gain(value: float) -> str:
        return points(value, sign=True)

    write = gain if row["estimator"] == "gain" else percent
    return [
        _policy(row["policy"]),
        _ESTIMATES[row["estimator"]],
        ""
        if row["value"] is None
        else with_range(write(row["value"]), between(row["value_low"], row["value_high"], write)),
        count(row["messages"]),
        "" if row["effective_messages"] is None else count(row["effective_messages"]),
        days(Days(row["judged_from"], row["judged_until"])),
    ]


def _policy(name: str) -> str:
    return name.replace("_", " ").capitalize()
