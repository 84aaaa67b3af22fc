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
    """What was trained and what came of it, the models' ROC AUC beside each other."""
    if not rows:
        return Presentation("No training was asked for: the serving model stays.")
    (chosen,) = [row for row in rows if row["outcome"] != "not chosen"]
    summary = f"Asked by: {chosen['asked_by']}. {chosen['words']}"
    if chosen["kind"] == "none":
        return Presentation(summary)
    summary += " ROC AUC says how well pairs are sorted, not whether the offers shown are good: see offline_evaluation."
    roc_aucs = [
        (kind_named(row["kind"]).title, row["roc_auc"]) for row in sorted(rows, key=lambda row: str(row["kind"]))
    ]
    if chosen["champion_roc_auc"] is not None:
        roc_aucs.append(("active before", chosen["champion_roc_auc"]))
    drawn = [Bar(label, value, f"{value:.4f}") for label, value in roc_aucs]
    described = "; ".join(f"{bar.label} {bar.text}" for bar in drawn)
    title = f"ROC AUC on the impressions of {chosen['test_from']} to {chosen['test_to']}"
    return Presentation(summary, picture(bars(title, described, drawn, Axis("ROC AUC; 0.5 is guessing"))))
