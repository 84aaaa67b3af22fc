"""Which rule keeps an item out of a client's list: the list is filled again, one item after the other, as
`sql/replenishment/weekly_recommendations.sql` says.

Pure. Not here: what never became a candidate (not_found.py).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from recs_platform.pipeline.day_reader import Row
from recs_platform.plurals import counted
from recs_platform.schemas.replenishment import DISCOVERY, REPURCHASE
from recs_platform.strategies.replenishment.parameters import ReplenishmentParameters

GROUP_FULL, MIX, BELOW = "group full", "mix", "below the cut"
PLURALS = {REPURCHASE: "repurchases", DISCOVERY: "discoveries"}


@dataclass(frozen=True)
class Passed:
    """A candidate that is not in the list."""

    rule: str
    words: str


@dataclass
class Filled:
    """A list as it fills."""

    parameters: ReplenishmentParameters
    chosen: list[Row] = field(default_factory=list)
    of_group: dict[str, list[str]] = field(default_factory=lambda: defaultdict(list))
    passed: dict[str, Passed] = field(default_factory=dict)
    """By item, all that is not chosen."""

    @property
    def items(self) -> set[str]:
        return {row["item_id"] for row in self.chosen}

    def count(self, kind: str) -> int:
        return sum(row["kind"] == kind for row in self.chosen)


def filled(scores: Sequence[Row], parameters: ReplenishmentParameters) -> Filled:
    """`scores` are rows of scores_of_client."""
    repurchases, discoveries = ([row for row in scores if row["kind"] == kind] for kind in (REPURCHASE, DISCOVERY))
    places = parameters.repurchases_per_client + parameters.discoveries_per_client
    found = Filled(parameters)
    _fill(found, repurchases, parameters.repurchases_per_client)
    _fill(found, discoveries, places)
    _fill(found, repurchases, places)
    for row in scores:
        if row["item_id"] not in found.items and row["item_id"] not in found.passed:
            found.passed[row["item_id"]] = _no_place(found, row["kind"])
    return found


def _fill(found: Filled, candidates: Iterable[Row], until: int) -> None:
    for row in candidates:
        if len(found.chosen) >= until:
            return
        item, group = row["item_id"], row["group_id"]
        if item in found.items or item in found.passed:
            continue
        alike = found.of_group[group] if group is not None else []
        if len(alike) >= found.parameters.max_per_group:
            found.passed[item] = _group_full(found.parameters, group, alike)
            continue
        found.chosen.append(row)
        alike.append(item)


def _group_full(parameters: ReplenishmentParameters, group: str, alike: Sequence[str]) -> Passed:
    most, taken = parameters.max_per_group, ", ".join(alike)
    return Passed(GROUP_FULL, f"{group} has its {most} of a list: {taken} (max_per_group)")


def _no_place(found: Filled, kind: str) -> Passed:
    """Its group would let it in, and the list is full."""
    other, parameter = (
        (DISCOVERY, "discoveries_per_client") if kind == REPURCHASE else (REPURCHASE, "repurchases_per_client")
    )
    mine, others, places = found.count(kind), found.count(other), len(found.chosen)
    better = f"{counted(mine, kind, PLURALS[kind])} {'scores' if mine == 1 else 'score'} higher" if mine else ""
    if not others:
        return Passed(BELOW, better)
    kept = f"{others} of {places} places are for {PLURALS[other]} ({parameter})"
    return Passed(MIX, f"{better}, and {kept}" if better else kept)
