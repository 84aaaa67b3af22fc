"""What the offline evaluation says: a paragraph, and pictures of calibration, lift, and precision against recall.

Not here: computing the figures (evaluation.py), and how curves are drawn (`reporting/curves.py`).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from typing import Any, TypeAlias

from recs_platform.companies.model import Company
from recs_platform.reporting.charts import Axis, ChartColumn, columns, picture
from recs_platform.reporting.curves import Guide, Point, curve
from recs_platform.reporting.figures import between, count, money, percent, points, short, tick
from recs_platform.reporting.presentation import Presentation

Row: TypeAlias = Mapping[str, Any]
Rows: TypeAlias = Sequence[Row]
SHOWN_AT = 3
"""The length of list that the words speak of."""
AUC_ALONE = (
    "ROC AUC alone proves little: it is earned over all pairs of all customers, most of which are never near the top "
    "of a list, and it does not see whether the chances are true."
)


def show_evaluation(company: Company, day: date, rows: Rows) -> Presentation:
    """Lists first, then chances, then the areas under curves."""
    of = {(row["section"], row["name"], row["k"]): row for row in rows}
    list_sentences = [_lists(of)] if ("list", "coverage", SHOWN_AT) in of else ["Nothing is recommended."]
    if ("overall", "days", 0) not in of:
        why = "there is no model, or the day's training set holds no impression whose outcome is final"
        return Presentation(f"{list_sentences[0]} The model's order is not judged today: {why}.")
    sentences = [_judged(of, day), *_ranking(of, company.currency), *_overall(of), *list_sentences]
    drawn = {
        "lift": _lift(_section(rows, "lift")),
        "precision_recall": _precision_recall(_section(rows, "precision_recall"), of["overall", "redeemed", 0]),
    }
    more = {name: chart for name, chart in drawn.items() if chart is not None}
    return Presentation("\n".join(f"- {line}" for line in sentences), _calibration(_section(rows, "calibration")), more)


def _section(rows: Rows, section: str) -> Rows:
    """In the order of the curve."""
    return sorted((row for row in rows if row["section"] == section), key=lambda row: int(row["name"]))


def _judged(of: Mapping[Any, Row], day: date) -> str:
    value = {name: of["overall", name, 0]["value"] for name in ("days", "days_before", "days_learned_from")}
    last = day - timedelta(days=int(value["days_before"]))
    first = last - timedelta(days=int(value["days"]) - 1)
    impressions, customers = of["overall", "days", 0]["sample_size"], of["overall", "customers", 0]["value"]
    learned = int(value["days_learned_from"])
    seen = f"**it has learned from {learned} of these days**" if learned else "it has learned from none of these days"
    chosen = int(of["overall", "days_chosen_on", 0]["value"])
    picked = f" (on {chosen} of them it was chosen from two models, which flatters it slightly)" if chosen else ""
    return (
        f"Judged on {count(impressions)} impressions of {first} to {last} for {count(customers)} customers, whose "
        f"outcome is final; {seen}{picked}."
    )


def _ranking(of: Mapping[Any, Row], currency: str) -> list[str]:
    precise, gain = (of["ranking", name, SHOWN_AT] for name in ("precision", "precision_gain"))
    sentences = [
        f"Of the first {SHOWN_AT} offers in a customer's list, {percent(precise['value'])} are redeemed in the model's "
        f"order and {percent(precise['baseline'])} in popularity's: {points(gain['value'], sign=True)} "
        f"({between(gain['low'], gain['high'], lambda end: points(end, sign=True))})."
    ]
    margin, more = (of["ranking", name, SHOWN_AT] for name in ("realised_margin", "realised_margin_gain"))
    ends = between(more["low"], more["high"], lambda end: _money(end, currency))
    lifted = _lifted(of.get(("ranking", "realised_margin_lift", SHOWN_AT)))
    sentences.append(
        f"They earned {money(margin['value'], currency, cents=True)} of margin per customer, compared with "
        f"{money(margin['baseline'], currency, cents=True)}: {_money(more['value'], currency)} ({ends}){lifted}."
    )
    return sentences


def _money(value: float, currency: str) -> str:
    return money(value, currency, cents=True, sign=True)


def _lifted(lift: Row | None) -> str:
    """Nothing where popularity's margin is not told from zero."""
    if lift is None or lift["low"] is None:
        return ""
    ends = between(lift["low"], lift["high"], lambda end: percent(end, 1, sign=True))
    return f", which is {percent(lift['value'], 1, sign=True)} ({ends})"


def _overall(of: Mapping[Any, Row]) -> list[str]:
    promised, redeemed = of["overall", "mean_chance", 0]["value"], of["overall", "redeemed", 0]["value"]
    sentences = [f"The model predicted that {percent(promised)} of impressions are redeemed; {percent(redeemed)} were."]
    if auc := of.get(("overall", "roc_auc", 0)):
        sentences.append(f"ROC AUC {auc['value']:.3f}, popularity {auc['baseline']:.3f}. {AUC_ALONE}")
        sentences += _baselines(of)
    else:
        sentences.append("All outcomes are the same, so nothing can be said about how well the model tells them apart.")
    return sentences


def _baselines(of: Mapping[Any, Row]) -> list[str]:
    """The model beside what a sceptic would try; says where the data cannot tell them apart."""
    sentences = []
    past = of.get(("baselines", "past_redemptions_roc_auc", 0))
    if past is not None:
        gain = of["baselines", "past_redemptions_roc_auc_gain", 0]
        sentences.append(
            f"The customer's count of past redemptions alone has a ROC AUC of {past['baseline']:.3f}: the model "
            f"{_beats(gain, 1, 'it')} ({_ends(gain, 3)})."
        )
    rate = of.get(("baselines", "base_rate_log_loss", 0))
    if rate is not None:
        gain = of["baselines", "base_rate_log_loss_gain", 0]
        sentences.append(
            f"Its log loss is {rate['value']:.4f}, and that of the same chance for all {rate['baseline']:.4f}: the "
            f"model {_beats(gain, -1, 'that')} ({_ends(gain, 4)})."
        )
    return sentences


def _beats(gain: Row, sign: int, other: str) -> str:
    low, high = gain["low"], gain["high"]
    if low is None or high is None or low <= 0 <= high:
        return f"cannot be told from {other}"
    return f"is better than {other}" if sign * low > 0 else f"is worse than {other}"


def _ends(gain: Row, digits: int) -> str:
    ends = between(gain["low"], gain["high"], lambda end: f"{end:+.{digits}f}")
    return f"difference {gain['value']:+.{digits}f}, {ends}"


def _lists(of: Mapping[Any, Row]) -> str:
    covered = of["list", "coverage", SHOWN_AT]
    return (
        f"The first {SHOWN_AT} places of the day's lists show {percent(covered['value'])} of the running offers; "
        f"popularity's lists would show {percent(covered['baseline'])}."
    )


def _calibration(rows: Rows) -> bytes:
    shown = [
        Point(
            row["baseline"],
            row["value"],
            f"predicted {percent(row['baseline'])}, redeemed {percent(row['value'])} of {count(row['sample_size'])}",
            row["low"],
            row["high"],
        )
        for row in rows
    ]
    across, up = Axis("Predicted chance", tick), Axis("Share of impressions redeemed", tick)
    description = "Are the chances true? Points above the dashed line were redeemed more often than predicted."
    return picture(curve("Calibration", description, shown, across, up, Guide(0.0, 1.0, "redeemed as predicted")))


def _lift(rows: Rows) -> bytes | None:
    if not rows:
        return None
    shown = [
        ChartColumn(f"tenth {row['name']}", [row["value"]], f"{row['value']:.2f} times the average") for row in rows
    ]
    description = "How much more often than average impressions are redeemed, in each tenth by predicted chance."
    axis = Axis("Times the average share redeemed", short)
    across = "Tenths of the impressions, highest chance first"
    chart = columns(
        "Lift by decile", description, shown, axis, across, lambda _: [(n, row["name"]) for n, row in enumerate(rows)]
    )
    return picture(chart)


def _precision_recall(rows: Rows, redeemed: Row) -> bytes | None:
    if not rows:
        return None
    shown = [
        Point(
            row["baseline"],
            row["value"],
            f"{percent(row['value'])} of those above are redeemed; they are {percent(row['baseline'])} of all redeemed",
        )
        for row in rows
    ]
    across, up = Axis("Share of all redemptions found (recall)", tick), Axis("Share redeemed (precision)", tick)
    description = (
        "From the highest chance downwards: what share is redeemed, and how many redemptions are found by then."
    )
    return picture(
        curve("Precision and recall", description, shown, across, up, Guide(redeemed["value"], 0.0, "guessing"))
    )
