"""What version 4 learns from feedback: what a client was shown in a target and neither clicked nor bought is a surer no
than what it may never have seen, so it counts more.

Only the weight of an example of a past target is touched, by reactions of the target's own days, all of which are over
when it is learned from: no feature knows them. Without feedback nothing changes. Not here: targets (`ranker.py`).
"""

from __future__ import annotations

from datetime import date
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from recs_platform.next_basket.columns import BOUGHT, TARGET, WEIGHT

_NAMES = ("customer_id", "item_id")


def weighed_by_feedback(examples: pa.Table, feedback: pa.Table, first_unknown: date, shown_weight: float) -> pa.Table:
    """`examples` as `examples_of` gives them, with a `target_from` that is a day of the calendar."""
    if not feedback.num_rows or not examples.num_rows or shown_weight == 1:
        return examples
    targets = np.asarray(examples[TARGET].to_numpy())
    shown = _keys(_in_targets(feedback, examples, targets, first_unknown, "shown"), examples)
    clicked = _keys(_in_targets(feedback, examples, targets, first_unknown, "clicked"), examples)
    own = _combined(examples, examples, targets)
    ignored = np.isin(own, shown) & ~np.isin(own, clicked) & ~np.asarray(examples[BOUGHT].to_numpy(), np.bool_)
    weight = np.asarray(examples[WEIGHT].to_numpy())
    counted = np.where(ignored, weight * np.asarray(shown_weight, weight.dtype), weight)
    return examples.set_column(examples.column_names.index(WEIGHT), WEIGHT, pa.array(counted))


def _in_targets(
    feedback: pa.Table, examples: pa.Table, targets: np.ndarray, first_unknown: date, reaction: str
) -> pa.Table:
    """The reactions of a kind that fall into a target, with its number. Targets are as wide as each other and end with
    what is known; the newest is number 0."""
    newest = int(np.argmin(targets))
    width = (first_unknown - examples["target_from"][newest].as_py()).days // (int(targets[newest]) + 1)
    found = feedback.filter(pc.equal(feedback["reaction"], pa.scalar(reaction)))
    day = np.asarray(found["happened_at"].to_numpy(), dtype="datetime64[D]")
    days_before = (np.datetime64(first_unknown) - day).astype(np.int64)
    number = (days_before - 1) // width
    found = found.append_column(TARGET, pa.array(number))
    return found.filter(pa.array((number >= 0) & (number <= targets.max())))


def _keys(reactions: pa.Table, examples: pa.Table) -> np.ndarray:
    return _combined(reactions, examples, np.asarray(reactions[TARGET].to_numpy()))


def _combined(rows: pa.Table, examples: pa.Table, targets: np.ndarray) -> np.ndarray:
    """A number for each client, item and target; below 0 of what no example is about."""
    client, item = (_place(rows, examples, name) for name in _NAMES)
    width = len(examples["item_id"].unique()) + 1
    combined = (targets.astype(np.int64) * (len(examples["customer_id"].unique()) + 1) + client) * width + item
    return np.where((client >= 0) & (item >= 0), combined, -1)


def _place(rows: pa.Table, examples: pa.Table, name: str) -> np.ndarray:
    values: Any = examples[name].unique()
    found: Any = pc.index_in(rows[name], value_set=values)
    return np.asarray(found.fill_null(-1).to_numpy(), dtype=np.int64)
