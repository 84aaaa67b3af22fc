"""Small worlds of lists whose truth is known: a client's candidates of one day, and which of them were bought next.

What puts a list in order is written here, in log-odds. Each client has an appetite of its own that no feature shows.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from functools import lru_cache

import numpy as np
import pyarrow as pa

from recs_platform.models.blend import BLEND
from recs_platform.models.boosted import BOOSTED
from recs_platform.models.by_groups import ByGroups
from recs_platform.models.choice import BEST_ON_VALIDATION
from recs_platform.models.data import Columns, Examples, examples
from recs_platform.models.design import Design
from recs_platform.models.features import FeatureSet, FeatureSpec, Floats
from recs_platform.models.lambdarank import LAMBDARANK
from recs_platform.models.list_order import ListOrder
from recs_platform.models.provenance import Provenance
from recs_platform.models.settings import FitSettings
from recs_platform.models.task import RankingTask
from recs_platform.models.training import Training, train
from recs_platform.models.yardsticks import Yardstick

MONDAY = date(2026, 3, 2)
FEATURES = FeatureSet(
    (
        FeatureSpec("due", "number", "how overdue"),
        FeatureSpec("popularity", "number", "how often others buy it"),
        FeatureSpec("own_frequency", "number", "how often the client bought it"),
        FeatureSpec("group", "category", "kind of product"),
    )
)
COLUMNS = Columns("example", "as_of", "bought", "client", subjects=("client", "item"))
LENGTH = 5
TASK = RankingTask(
    "reorder",
    FEATURES,
    COLUMNS,
    kinds=(BOOSTED, LAMBDARANK, BLEND),
    yardsticks=(Yardstick("own frequency", "own_frequency"), Yardstick("popularity", "popularity")),
    design=Design(ByGroups(0.25, 0.25), ListOrder(LENGTH), BEST_ON_VALIDATION),
)
SETTINGS = FitSettings(negatives_per_positive=None, most_trees=60, patience=15, rows_per_leaf=20, leaves=7)
PROVENANCE = Provenance({"reorder_examples": {"rows": 1}}, "1.0.0")
Truth = Callable[[pa.Table, Floats], Floats]
"""Log-odds, of the table and of each row's appetite."""


def plain(table: pa.Table, name: str) -> Floats:
    return np.asarray(table[name].to_numpy(), dtype=float)


def habits(table: pa.Table, appetite: Floats) -> Floats:
    """What is due and what was bought often is bought next."""
    return 1.2 * plain(table, "due") + 0.8 * plain(table, "own_frequency") + 0.5 * appetite - 2.5


def luck(table: pa.Table, appetite: Floats) -> Floats:
    """Nothing that is known decides."""
    return 0.5 * appetite - 2.0


def rows(truth: Truth, clients: int = 800, items: int = 20, seed: int = 3, day: date = MONDAY) -> pa.Table:
    """A row per client and candidate, in no order."""
    rng = np.random.default_rng(seed)
    count = clients * items
    client, item = np.repeat(np.arange(clients), items), np.tile(np.arange(items), clients)
    appetite = rng.normal(size=clients)[client]
    table = pa.table(
        {
            "client": [f"C{number:05d}" for number in client],
            "item": [f"I{number:03d}" for number in item],
            "example": [f"C{one:05d} I{other:03d}" for one, other in zip(client, item, strict=True)],
            "as_of": pa.array([day] * count),
            "due": rng.normal(size=count),
            "popularity": rng.normal(size=items)[item],
            "own_frequency": rng.normal(size=count),
            "group": [f"G{number % 4}" for number in item],
        }
    )
    bought = rng.random(count) < 1 / (1 + np.exp(-truth(table, appetite)))
    table = table.append_column("bought", pa.array(bought.astype(np.int8)))
    return table.take(rng.permutation(count))


def misleading(clients: int = 800, items: int = 20, seed: int = 3) -> pa.Table:
    """Those who buy much are shown a high `due`, whatever the item; inside each list the lower one is bought.

    So over all examples `due` speaks for a purchase, and in every list against it."""

    def inside(table: pa.Table, appetite: Floats) -> Floats:
        return 3.0 * appetite - 1.5 * plain(table, "due") - 1.0

    rng = np.random.default_rng(seed)
    plainly = rows(inside, clients, items, seed)
    # The same draw of appetites as that of the rows.
    appetite = dict(zip((f"C{number:05d}" for number in range(clients)), rng.normal(size=clients), strict=True))
    shown = plain(plainly, "due") + 3.0 * np.array([appetite[name] for name in plainly["client"].to_pylist()])
    return plainly.set_column(plainly.column_names.index("due"), "due", pa.array(shown))


def read(table: pa.Table) -> Examples:
    return examples(table, FEATURES, COLUMNS)


def train_on(table: pa.Table, threads: int = 1) -> Training:
    return train(
        read(table),
        SETTINGS,
        PROVENANCE,
        kinds=TASK.kinds,
        yardsticks=TASK.yardsticks,
        design=TASK.design,
        threads=threads,
    )


@lru_cache(maxsize=4)
def trained(truth: Truth) -> Training:
    return train_on(rows(truth))


@lru_cache(maxsize=1)
def misled() -> Training:
    return train_on(misleading())
