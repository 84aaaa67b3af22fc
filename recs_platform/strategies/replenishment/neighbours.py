"""Who orders most like each client, in the ways of the versions that are in use. Not here: what they recommend
(`candidates.py`)."""

from __future__ import annotations

from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from recs_platform.companies.model import Company
from recs_platform.model_registry.shelf import ModelShelf
from recs_platform.next_basket.alike import JACCARD as COMMON_ITEMS
from recs_platform.next_basket.alike import Likeness, alike
from recs_platform.next_basket.arrays import Ints, distinct, within
from recs_platform.next_basket.log import places_of
from recs_platform.next_basket.neighbours import Neighbours
from recs_platform.next_basket.sources import known, nearest, vectors_of
from recs_platform.pipeline.frame_asset import QueryRunner, table_asset
from recs_platform.process import cores
from recs_platform.schemas.replenishment import SimilarClients
from recs_platform.schemas.table import spec_of
from recs_platform.strategies.replenishment.client_habits import Clients, Names, ordered, read_clients
from recs_platform.strategies.replenishment.client_versions import (
    JACCARD,
    OWN_MEASURE,
    V4,
    by_version,
    may_use,
    own_measures,
)
from recs_platform.strategies.replenishment.history import TEMPORAL, by_name, read_history, settings
from recs_platform.strategies.replenishment.parameters import ReplenishmentParameters, parameters_of
from recs_platform.strategies.replenishment.task import TASK
from recs_platform.warehouse.protocol import BoundQuery
from recs_platform.warehouse.slices import Days

MOST_ORDERS = 8
"""Of one item that count in how alike two clients are: what is ordered every day does not outweigh all else."""


def likeness_of(parameters: ReplenishmentParameters, measure: str) -> Likeness:
    if measure == JACCARD:
        return COMMON_ITEMS
    return Likeness(
        MOST_ORDERS, parameters.product_similarity, parameters.recency_similarity, parameters.frequency_similarity
    )


@table_asset(SimilarClients, look_back={"order_lines": "@history_days"}, after=("ranking_model",))
def similar_clients(
    company: Company,
    days: Days,
    models: ModelShelf,
    warehouse: QueryRunner,
    client_items: pa.Table,
    client_profiles: pa.Table,
    product_trends: pa.Table,
    experiment_assignments: pa.Table,
    order_lines: BoundQuery,
) -> pa.Table:
    """The most similar clients of every active one; of most ways none of who has nothing in common with anybody."""
    parameters = parameters_of(company)
    clients = read_clients(client_items, client_profiles, ordered(client_items))
    versions = by_version(parameters, clients.names, clients.active, experiment_assignments)
    serves = models.serving(TASK.model, days.last) is not None if may_use(parameters, V4) else False
    # Where nobody is active no version is in use, and there is nobody to be alike.
    tables = [spec_of(SimilarClients).arrow_schema.empty_table()]
    tables += [
        _alike_by(days, clients, clients.active, parameters, measure) for measure in own_measures(versions, serves)
    ]
    if V4 in versions:
        history = read_history(days.last, order_lines, product_trends, warehouse)
        log = history.log
        active = places_of(clients.names.take(clients.active), log.clients)
        found = known(log, settings(), history.as_of, history.attributes)
        near = nearest(log, vectors_of(found, settings()), settings(), distinct(active[active >= 0]))
        names = pa.chunked_array([log.clients])
        found_by = by_name(near)
        tables += [_table(days, measure, names, _as_shares(measure, found_by[measure])) for measure in TEMPORAL]
    return pa.concat_tables(tables)


def similar_of_some(
    parameters: ReplenishmentParameters, days: Days, client_items: pa.Table, client_profiles: pa.Table, wanted: Names
) -> pa.Table:
    """The same rows of some clients alone, where no model and no experiment is in use."""
    clients = read_clients(client_items, client_profiles, ordered(client_items))
    return _alike_by(days, clients, clients.active_of(wanted), parameters, OWN_MEASURE[parameters.version])


def _alike_by(days: Days, clients: Clients, these: Ints, parameters: ReplenishmentParameters, measure: str) -> pa.Table:
    found = alike(clients.habits, these, parameters.neighbours, likeness_of(parameters, measure), cores())
    return _table(days, measure, clients.names, found)


def _as_shares(measure: str, found: Neighbours) -> Neighbours:
    """Similarities above 0 and up to 1: a distance is one over itself and 1, and no cosine is above 1 by rounding."""
    of = found.similarity
    similarity = 1 / (1 - of) if measure.endswith("l2") else np.minimum(of, 1)
    return Neighbours(found.client, found.neighbour, similarity.astype(np.float32))


def _table(days: Days, measure: str, clients: Names, found: Neighbours) -> pa.Table:
    rows = len(found.client)
    columns: dict[str, Any] = {
        "as_of": pa.repeat(pa.scalar(days.last, pa.date32()), rows),
        "customer_id": clients.take(found.client),
        "measure": pa.repeat(measure, rows),
        "rank": within(found.client) + 1,
        "neighbour_id": clients.take(found.neighbour),
        "similarity": found.similarity.astype(np.float64),
    }
    return pa.table(columns, spec_of(SimilarClients).arrow_schema)


def neighbours_in(similar_clients: pa.Table, measure: str, names: Names) -> Neighbours:
    """As they were found, with clients numbered by their places among some names."""
    of_it = similar_clients.filter(pc.field("measure") == measure)
    all_names: Any = names.combine_chunks()
    client, neighbour = (places_of(of_it[name], all_names) for name in ("customer_id", "neighbour_id"))
    order: Ints = np.lexsort((of_it["rank"].to_numpy(), client))
    order = order[(client[order] >= 0) & (neighbour[order] >= 0)]
    return Neighbours(client[order], neighbour[order], of_it["similarity"].to_numpy()[order].astype(np.float32))
