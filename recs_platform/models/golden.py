"""Golden rows: some examples of the training as the model was given them, and what it said of each when it was stored.

Whoever loads a model asks it again. Hashes prove that its bytes are those that training wrote; golden rows prove that
this code, these libraries and this machine make of them what training made of them. A row holds features alone: no
names, no days and no outcomes.

Not here: their file (golden_rows.py) and folder (artifact.py), and who must ask: whoever serves a version, or makes it
active.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import pyarrow as pa

from recs_platform.errors import UserError
from recs_platform.models.features import Column, Floats, numbers
from recs_platform.models.golden_rows import ARROW, GoldenRows
from recs_platform.models.manifest import GOLDEN, GOLDEN_FORMAT, sha256
from recs_platform.models.model import Model

ROWS = 32
MOST_LOOKED_AT = 10_000
"""Of more examples every second, third and so on is looked at."""
WITHIN = 1e-9
"""By how much an answer may differ, absolutely or relatively: what another order of adding up may do."""
NONE = "no golden rows"


class GoldenError(UserError):
    """A model answers its golden rows otherwise than at training, or all of them alike; it must not serve."""

    def __init__(self, problem: str) -> None:
        super().__init__(f"{problem}. Train a model with this code, or use the code and libraries that trained it")
        self.problem = problem


def with_golden(model: Model, table: pa.Table) -> Model:
    """The model with golden rows out of a table of examples, which are in a stable order: from the lowest score to the
    highest, in equal steps of rank. It has another digest."""
    looked_at = _thinned(model.manifest.encoding.features.columns(table))
    order = np.argsort(model.raw_scores(looked_at), kind="stable")
    places = np.unique(np.linspace(0, len(order) - 1, ROWS).round().astype(np.int64))
    chosen = looked_at.take(order[places])
    raw = model.raw_scores(chosen)
    golden = GoldenRows(
        tuple(chosen.column_names),
        tuple(
            zip(*(_plain(spec.kind, spec.name, chosen) for spec in model.manifest.encoding.features.specs), strict=True)
        ),
        tuple(raw.tolist()),
        tuple(model.chances(raw).tolist()),
    )
    files = model.manifest.files | {GOLDEN: sha256(golden.content())}
    manifest = model.manifest.model_copy(update={"files": files, "format": GOLDEN_FORMAT})
    return replace(model, manifest=manifest, golden=golden)


def check(model: Model) -> None:
    """Raise a GoldenError unless the model answers as it did at training. One of an earlier format has nothing to
    compare with, and passes."""
    golden = model.golden
    if golden is None:
        return
    raw = model.raw_scores(golden.table(model.manifest.encoding.features))
    _compare("raw score", raw, golden.raw)
    _compare("chance", model.chances(raw), golden.chances)
    if np.ptp(raw) == 0 and len(raw) > 1:
        raise GoldenError(f"it gives all of its {len(raw)} golden rows the same score")


def golden_text(model: Model) -> str:
    """What people are told of a model that passed."""
    return NONE if model.golden is None else f"{len(model.golden)} golden rows answered as at training"


def _compare(what: str, answers: Floats, expected: Sequence[float]) -> None:
    known = np.array(expected)
    wrong = np.flatnonzero(~np.isclose(answers, known, rtol=WITHIN, atol=WITHIN))
    if len(wrong):
        first = int(wrong[0])
        raise GoldenError(
            f"it answers {len(wrong)} of its {len(known)} golden rows otherwise than at training (row {first + 1}: "
            f"{what} {answers[first]:.9g}, at training {known[first]:.9g})"
        )


def _thinned(table: pa.Table) -> pa.Table:
    step = -(-table.num_rows // MOST_LOOKED_AT)
    return table if step <= 1 else table.take(np.arange(0, table.num_rows, step))


def _plain(kind: str, name: str, table: pa.Table) -> list[Any]:
    if kind == "number":
        return [None if math.isnan(value) else value for value in numbers(name, table[name]).tolist()]
    column: Column = table[name].cast(ARROW[kind])
    return list(column.to_pylist())
