"""Whether the newest examples still look like those that the serving model was trained on, as a table.

Not here: how that is told (`models/drift_report.py`), and whether drift is a reason to train (`models/retraining.py`).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import date
from typing import Any

import pyarrow as pa

from recs_platform.model_registry.shelf import ModelShelf
from recs_platform.models.drift_report import DriftRow
from recs_platform.models.drift_text import drift_summary
from recs_platform.models.model import Model
from recs_platform.models.task import RankingTask
from recs_platform.reporting.presentation import Presentation
from recs_platform.schemas.table import spec_of
from recs_platform.schemas.training import DriftReport


def show_drift(rows: Sequence[Mapping[str, Any]]) -> Presentation:
    """What changed since training, the worst first."""
    if not rows:
        return Presentation("Nothing to compare: no model serves, or there are no examples.")
    return Presentation(drift_summary(rows))


def drift_table(
    task: RankingTask, models: ModelShelf, day: date, drift: Callable[[Model], Sequence[DriftRow]]
) -> pa.Table:
    """What `drift` says of the model that serves the day. No rows without a model, or without examples."""
    registered = models.serving(task.model, day)
    rows: list[dict[str, Any]] = []
    if registered is not None:
        same = {"as_of": day, "digest": registered.digest, "trained_on": registered.as_of}
        model = models.load(registered, task.features)
        rows = [{**same, **vars(row)} for row in drift(model)]
    return spec_of(DriftReport).arrow_table(rows)
