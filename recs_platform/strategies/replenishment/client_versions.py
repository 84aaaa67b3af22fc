"""By which version each active client's list is made: that of its arm in the company's experiment, else the company's.

Not here: who is of which arm (`sql/replenishment/experiment_assignments.sql`).
"""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from recs_platform.next_basket.arrays import Ints
from recs_platform.next_basket.log import places_of
from recs_platform.strategies.replenishment.client_habits import Clients
from recs_platform.strategies.replenishment.parameters import ReplenishmentParameters


def by_version(
    parameters: ReplenishmentParameters, clients: Clients, experiment_assignments: pa.Table
) -> dict[str, Ints]:
    """The active clients of each version that is in use, the company's first: nobody stands twice, or nowhere."""
    versions = np.full(len(clients.names), parameters.version, dtype=object)
    # A company without an experiment may still keep the arms of one that is over.
    assigned = experiment_assignments.filter(pc.field("experiment") == (parameters.experiment or ""))
    place = places_of(assigned["customer_id"], clients.names.combine_chunks())
    known = place >= 0
    versions[place[known]] = np.asarray(assigned["arm"].to_pylist(), dtype=object)[known]
    of_active = versions[clients.active]
    others = sorted(set(of_active) - {parameters.version})
    return {version: clients.active[of_active == version] for version in (parameters.version, *others)}
