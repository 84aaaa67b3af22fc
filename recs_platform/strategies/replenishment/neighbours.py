"""Who orders most like each client, and what they order that it does not know: in the way of the company's version."""

from __future__ import annotations

from typing import Any

import numpy as np
import pyarrow as pa

from recs_platform.companies.model import Company
from recs_platform.next_basket.alike import JACCARD, Likeness, alike, at_least, bought_by_neighbours
from recs_platform.next_basket.arrays import within
from recs_platform.next_basket.log import places_of
from recs_platform.next_basket.neighbours import Neighbours
from recs_platform.pipeline.frame_asset import table_asset
from recs_platform.process import cores
from recs_platform.schemas.replenishment import ReplenishmentCandidates, SimilarClients
from recs_platform.strategies.replenishment.client_habits import (
    known,
    ordered,
    read_clients,
    sold,
)
from recs_platform.strategies.replenishment.client_versions import by_version
from recs_platform.strategies.replenishment.parameters import ReplenishmentParameters, parameters_of
from recs_platform.warehouse.slices import Days

MOST_ORDERS = 8
"""Of one item that count in how alike two clients are: what is ordered every day does not outweigh all else."""


def likeness_of(parameters: ReplenishmentParameters, version: str) -> Likeness:
    if version == "v31":
        return JACCARD
    return Likeness(
        MOST_ORDERS, parameters.product_similarity, parameters.recency_similarity, parameters.frequency_similarity
    )


@table_asset(SimilarClients)
def similar_clients(
    company: Company,
    days: Days,
    client_items: pa.Table,
    client_profiles: pa.Table,
    experiment_assignments: pa.Table,
) -> pa.Table:
    """The most similar clients of every active one, in the way of its version; none of who has nothing in common with
    anybody."""
    parameters = parameters_of(company)
    clients = read_clients(client_items, client_profiles, ordered(client_items))
    tables = []
    for version, of_it in by_version(parameters, clients, experiment_assignments).items():
        found = alike(clients.habits, of_it, parameters.neighbours, likeness_of(parameters, version), cores())
        columns: dict[str, Any] = {
            "as_of": pa.repeat(pa.scalar(days.last, pa.date32()), len(found.client)),
            "customer_id": clients.names.take(found.client),
            "rank": within(found.client) + 1,
            "neighbour_id": clients.names.take(found.neighbour),
            "similarity": found.similarity.astype(np.float64),
        }
        tables.append(pa.table(columns))
    return pa.concat_tables(tables)


@table_asset(ReplenishmentCandidates)
def replenishment_candidates(
    company: Company,
    days: Days,
    client_items: pa.Table,
    client_profiles: pa.Table,
    product_trends: pa.Table,
    similar_clients: pa.Table,
) -> pa.Table:
    """What similar clients buy that a client never ordered and that is still sold."""
    items = sold(product_trends)
    clients = read_clients(client_items, client_profiles, items)
    ranked = similar_clients.sort_by([("customer_id", "ascending"), ("rank", "ascending")])
    names = clients.names.combine_chunks()
    neighbours = Neighbours(
        places_of(ranked["customer_id"], names),
        places_of(ranked["neighbour_id"], names),
        ranked["similarity"].to_numpy().astype(np.float32),
    )
    found = bought_by_neighbours(
        at_least(clients.habits.orders, 1),
        known(client_items, clients.names, items),
        neighbours,
        clients.active,
        parameters_of(company).candidates_per_client,
        cores(),
    )
    columns: dict[str, Any] = {
        "as_of": pa.repeat(pa.scalar(days.last, pa.date32()), len(found.client)),
        "customer_id": clients.names.take(found.client),
        "item_id": items.take(found.item),
        "neighbours": found.neighbours,
        "neighbour_share": found.share,
    }
    return pa.table(columns)
