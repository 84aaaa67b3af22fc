"""What the table of trained models says: a sentence, and the models beside each other.

Not here: how pictures look in general, and those of the evaluation (evaluation_pictures.py).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from recs_platform.models.kinds import kind_named
from recs_platform.reporting.charts import Axis, Bar, bars, picture
from recs_platform.reporting.presentation import Presentation

Rows = Sequence[Mapping[str, Any]]


def show_training(rows: Rows) -> Presentation:
    """What was trained and what came of it, the models' leading figure beside each other."""
    if not rows:
        return Presentation("No training was asked for: the serving model stays.")
    (chosen,) = [row for row in rows if row["outcome"] != "not chosen"]
    summary = f"Asked by: {chosen['asked_by']}. {chosen['words']}"
    if chosen["kind"] == "none":
        return Presentation(summary)
    return _of_lists(rows, chosen, summary) if chosen["roc_auc"] is None else _of_chances(rows, chosen, summary)


def _of_chances(rows: Rows, chosen: Mapping[str, Any], summary: str) -> Presentation:
    summary += " ROC AUC says how well pairs are sorted, not whether the offers shown are good: see offline_evaluation."
    title = f"ROC AUC on the impressions of {chosen['test_from']} to {chosen['test_to']}"
    return Presentation(summary, _beside_each_other(rows, "roc_auc", title, "ROC AUC; 0.5 is guessing"))


def _of_lists(rows: Rows, chosen: Mapping[str, Any], summary: str) -> Presentation:
    title = f"NDCG of the lists of {chosen['test_from']} to {chosen['test_to']}"
    return Presentation(summary, _beside_each_other(rows, "ndcg", title, "NDCG; 1 is the ideal list"))


def _beside_each_other(rows: Rows, figure: str, title: str, axis: str) -> bytes:
    values = [(kind_named(row["kind"]).title, row[figure]) for row in sorted(rows, key=lambda row: str(row["kind"]))]
    before = next((row[f"champion_{figure}"] for row in rows if row["outcome"] != "not chosen"), None)
    if before is not None:
        values.append(("active before", before))
    drawn = [Bar(label, value, f"{value:.4f}") for label, value in values]
    described = "; ".join(f"{bar.label} {bar.text}" for bar in drawn)
    return picture(bars(title, described, drawn, Axis(axis)))
