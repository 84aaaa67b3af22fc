"""Golden rows: some examples of the training as the model was given them, and what it said of each when it was stored.

Whoever loads a model asks it again. Hashes prove that its bytes are those that training wrote; golden rows prove that
this code, these libraries and this machine make of them what training made of them. A row holds features alone: no
names, no days and no outcomes.

Not here: the folder that they stand in (artifact.py), and who must ask (whoever serves, or makes a version active).
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa

from recs_platform.errors import UserError
from recs_platform.models.features import FeatureSet, Floats, numbers
from recs_platform.models.manifest import GOLDEN, GOLDEN_FORMAT, sha256

if TYPE_CHECKING:
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


@dataclass(frozen=True)
class GoldenRows:
    features: tuple[str, ...]
    values: tuple[tuple[float | bool | str | None, ...], ...]
    """Of each row, in the order of the features."""
    raw: tuple[float, ...]
    chances: tuple[float, ...]

    def __post_init__(self) -> None:
        if not self.values or len({len(self.values), len(self.raw), len(self.chances)}) > 1:
            raise ValueError("golden rows need values, raw scores and chances, as many of each")
        if any(len(row) != len(self.features) for row in self.values):
            raise ValueError("a golden row has other features than the rest")
        if not all(map(math.isfinite, (*self.raw, *self.chances))):
            raise ValueError("a golden row has no finite score")

    def __len__(self) -> int:
        return len(self.values)

    def table(self, features: FeatureSet) -> pa.Table:
        """The rows as the model is given them."""
        if features.names != self.features:
            raise ValueError("golden rows are of other features than the model")
        columns = list(zip(*self.values, strict=True))
        named = zip(features.specs, columns, strict=True)
        return pa.table({spec.name: pa.array(column, ARROW[spec.kind]) for spec, column in named})

    def content(self) -> bytes:
        """The file."""
        rows = [
            {"values": values, "raw": raw, "chance": chance}
            for values, raw, chance in zip(self.values, self.raw, self.chances, strict=True)
        ]
        said = {"features": self.features, "rows": rows}
        return f"{json.dumps(said, sort_keys=True, indent=1, ensure_ascii=False, allow_nan=False)}\n".encode()

    @classmethod
    def read(cls, content: bytes) -> GoldenRows:
        """Raises ValueError, TypeError or KeyError for what `content` did not write."""
        said: Mapping[str, Any] = json.loads(content)
        rows: Sequence[Mapping[str, Any]] = said["rows"]
        return cls(
            tuple(said["features"]),
            tuple(tuple(row["values"]) for row in rows),
            tuple(float(row["raw"]) for row in rows),
            tuple(float(row["chance"]) for row in rows),
        )


ARROW: Mapping[str, pa.DataType] = {"number": pa.float64(), "flag": pa.bool_(), "category": pa.string()}
"""What a feature's column is, where its values come as JSON."""


def with_golden(model: Model, table: pa.Table) -> Model:
    """The model with golden rows out of a table of examples, which are in a stable order: from the lowest score to the
    highest, in equal steps of rank. It has another digest."""
    looked_at = _thinned(model.manifest.encoding.features.columns(table))
    order = np.argsort(model.raw_scores(looked_at), kind="stable")
    places = np.unique(np.linspace(0, len(order) - 1, ROWS).round().astype(np.int64))
    chosen = looked_at.take(pa.array(order[places]))
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
    return table if step <= 1 else table.take(pa.array(np.arange(0, table.num_rows, step)))


def _plain(kind: str, name: str, table: pa.Table) -> list[Any]:
    if kind == "number":
        return [None if math.isnan(value) else value for value in numbers(name, table[name]).tolist()]
    return list(table[name].cast(ARROW[kind]).to_pylist())
