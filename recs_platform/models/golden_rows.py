"""Golden rows as a file: features as a model was given them, and what it said of each. Nothing else of an example.

Not here: which rows they are, and asking a model (golden.py).
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pyarrow as pa

from recs_platform.models.features import FeatureSet

ARROW: Mapping[str, pa.DataType] = {"number": pa.float64(), "flag": pa.bool_(), "category": pa.string()}
"""What a feature's column is, where its values come as JSON."""


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
