"""What version 4 asks of its model. Not here: what it learns from (`ranker.py`)."""

from __future__ import annotations

from recs_platform.models.blend import BLEND
from recs_platform.models.boosted import BOOSTED
from recs_platform.models.by_groups import ByGroups
from recs_platform.models.choice import BEST_ON_VALIDATION
from recs_platform.models.data import Columns
from recs_platform.models.design import Design
from recs_platform.models.features import FeatureSet, FeatureSpec
from recs_platform.models.lambdarank import LAMBDARANK
from recs_platform.models.list_order import ListOrder
from recs_platform.models.task import RankingTask
from recs_platform.models.yardsticks import Yardstick
from recs_platform.next_basket.columns import BOUGHT, FEATURES, SPLIT, TARGET, WEIGHT

LENGTH = 20
"""Places of a list that count."""

TASK = RankingTask(
    "replenishment",
    FeatureSet(tuple(FeatureSpec(name, "number", description) for name, description in FEATURES.items())),
    Columns(
        example="example",
        day="target_from",
        label=BOUGHT,
        group="customer_id",
        subjects=("customer_id", "item_id"),
        part=SPLIT,
        list=TARGET,
        weight=WEIGHT,
    ),
    kinds=(BOOSTED, LAMBDARANK, BLEND),
    yardsticks=(
        Yardstick("own frequency", "own_decayed_slow"),
        Yardstick("neighbours", "neighbours_slow_l2"),
        Yardstick("popularity", "popularity"),
    ),
    design=Design(ByGroups(0.15, 0.15), ListOrder(LENGTH), BEST_ON_VALIDATION),
)
"""The table of `examples_of` holds the examples. A `Design` with `GivenGroups` follows their splits instead."""
