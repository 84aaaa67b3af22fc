"""By which version each active client's list is made: that of its arm in the company's experiment, else the company's.

And what follows for how similar clients are found. Not here: who is of which arm
(`sql/replenishment/experiment_assignments.sql`).
"""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from recs_platform.next_basket.arrays import Ints
from recs_platform.next_basket.log import places_of
from recs_platform.strategies.replenishment.client_habits import Names
from recs_platform.strategies.replenishment.parameters import ReplenishmentParameters

V4 = "v4"
JACCARD, WEIGHTED = "jaccard", "weighted"
OWN_MEASURE = {"v31": JACCARD, "v32": WEIGHTED, V4: WEIGHTED}
"""Of each version, by whom discoveries are scored without a model."""


def by_version(
    parameters: ReplenishmentParameters, names: Names, active: Ints, experiment_assignments: pa.Table
) -> dict[str, Ints]:
    """The active clients of each version that is in use, the company's first: nobody stands twice, or nowhere."""
    versions = np.full(len(names), parameters.version, dtype=object)
    # A company without an experiment may still keep the arms of one that is over.
    assigned = experiment_assignments.filter(pc.field("experiment") == (parameters.experiment or ""))
    place = places_of(assigned["customer_id"], names.combine_chunks())
    known = place >= 0
    versions[place[known]] = np.asarray(assigned["arm"].to_pylist(), dtype=object)[known]
    of_active = versions[active]
    others = sorted(set(of_active) - {parameters.version})
    return {version: active[of_active == version] for version in (parameters.version, *others)}


def may_use(parameters: ReplenishmentParameters, version: str) -> bool:
    """Whether any client of the company may be of a version."""
    arms = {arm for shares in parameters.experiment_shares.values() for arm in shares}
    return version == parameters.version or version in arms


def own_measures(versions: dict[str, Ints], model_serves: bool) -> tuple[str, ...]:
    """How similar clients are found for those whom no model scores. All clients are looked at in each of these ways, so
    that the arms of an experiment have the same candidates."""
    scored = sorted(version for version in versions if version != V4 or not model_serves)
    return tuple(dict.fromkeys(OWN_MEASURE[version] for version in scored))
