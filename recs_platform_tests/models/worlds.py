"""Small worlds whose truth is known: what decides about success is written here, in log-odds."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta
from functools import lru_cache

import numpy as np
import pyarrow as pa

from recs_platform.models.data import Columns, Examples, examples
from recs_platform.models.features import Bools, FeatureSet, FeatureSpec, Floats
from recs_platform.models.provenance import Provenance
from recs_platform.models.settings import TrainingSettings
from recs_platform.models.training import Training, train

FIRST = date(2026, 1, 1)
COLUMNS = Columns(example="impression_id", day="as_of", label="redeemed", group="customer_id")
FEATURES = FeatureSet(
    (
        FeatureSpec("taste", "number", "decides; missing now and then"),
        FeatureSpec("depth", "number", "decides"),
        FeatureSpec("own_brand", "flag", "decides"),
        FeatureSpec("trade", "category", "decides"),
        FeatureSpec("noise", "number", "decides nothing"),
    )
)
SETTINGS = TrainingSettings(
    validation_days=6, test_days=10, gap_days=2, negatives_per_positive=1, most_trees=60, patience=8, rows_per_leaf=20
)
PROVENANCE = Provenance({"training_set": {"days": ["2026-01-01", "2026-02-09"], "rows": 12000}}, "1.0.0")
TRADES = ("baker", "chef", "grocer")
DAYS = 40
Truth = Callable[[pa.Table], Floats]


def crossed(table: pa.Table) -> Floats:
    """Whether both signs agree: each sign alone says nothing."""
    return -1.5 + 1.6 * np.sign(plain(table, "taste")) * np.sign(plain(table, "depth"))


def linear(table: pa.Table) -> Floats:
    own_brand = np.asarray(table["own_brand"].to_numpy(), dtype=float)
    grocer = np.array(table["trade"].to_pylist()) == "grocer"
    return -1.5 + 0.9 * plain(table, "taste") - 0.7 * plain(table, "depth") + 0.8 * own_brand + 0.5 * grocer


def plain(table: pa.Table, name: str) -> Floats:
    return np.nan_to_num(np.asarray(table[name].to_numpy(), dtype=float))


def rows(truth: Truth, count: int = 12_000, seed: int = 7) -> pa.Table:
    """Examples over 40 days, in no order of time."""
    rng = np.random.default_rng(seed)
    taste = rng.normal(size=count)
    missing: Bools = rng.random(count) < 0.05
    table = pa.table(
        {
            "noise": rng.normal(size=count),
            "trade": pa.array(np.array(TRADES)[rng.integers(0, 3, count)]),
            "taste": pa.array(taste, mask=missing),
            "own_brand": pa.array(rng.random(count) < 0.3),
            "depth": rng.normal(size=count),
            "impression_id": [f"I{number:06d}" for number in range(count)],
            "customer_id": [f"C{number % 500:04d}" for number in range(count)],
            "as_of": pa.array([FIRST + timedelta(days=int(day)) for day in rng.integers(0, DAYS, count)]),
        }
    )
    chance = 1 / (1 + np.exp(-truth(table)))
    return table.append_column("redeemed", pa.array((rng.random(count) < chance).astype(np.int8)))


def read(table: pa.Table) -> Examples:
    return examples(table, FEATURES, COLUMNS)


@lru_cache(maxsize=4)
def trained(truth: Truth) -> Training:
    return train(read(rows(truth)), SETTINGS, PROVENANCE)
