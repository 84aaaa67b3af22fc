"""What each active client may be recommended, whatever its version: what it bought most, what similar clients buy, what
most do, and what version 4's sources find.

Rows are made and handed on in blocks of clients, so that memory does not grow with their number. Not here: scores
(`scoring.py`, `sql/replenishment/replenishment_scores.sql`).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa
import scipy.sparse as sp

from recs_platform.companies.model import Company
from recs_platform.next_basket.alike import Tally, Unknown, at_least, bought_by_neighbours, tally
from recs_platform.next_basket.arrays import Bools, Floats, Ints, distinct, parts, places
from recs_platform.next_basket.candidates import candidates
from recs_platform.next_basket.log import places_of
from recs_platform.next_basket.neighbours import largest_entries
from recs_platform.next_basket.sources import Sources, sources
from recs_platform.pipeline.frame_asset import QueryRunner, table_asset
from recs_platform.process import cores
from recs_platform.schemas.replenishment import DISCOVERY, REPURCHASE, ReplenishmentCandidates
from recs_platform.schemas.table import spec_of
from recs_platform.strategies.replenishment.client_habits import Clients, Names, read_clients, sold
from recs_platform.strategies.replenishment.client_versions import OWN_MEASURE, V4, by_version
from recs_platform.strategies.replenishment.history import TEMPORAL, History, near_of, read_history, settings
from recs_platform.strategies.replenishment.isolation import each_block
from recs_platform.strategies.replenishment.neighbours import neighbours_in
from recs_platform.strategies.replenishment.parameters import POPULAR, ReplenishmentParameters, parameters_of
from recs_platform.warehouse.protocol import BoundQuery
from recs_platform.warehouse.slices import Days

SOURCES = ("neighbours_slow_l2", "neighbours_slow_cosine", "neighbours_fast_cosine", "transitions", "new_item")
"""Scores that version 4 gives a candidate before its model does."""


@table_asset(ReplenishmentCandidates, look_back={"order_lines": "@history_days"})
def replenishment_candidates(
    company: Company,
    days: Days,
    warehouse: QueryRunner,
    client_items: pa.Table,
    client_profiles: pa.Table,
    product_trends: pa.Table,
    experiment_assignments: pa.Table,
    similar_clients: pa.Table,
    order_lines: BoundQuery,
) -> pa.RecordBatchReader:
    """Of what is still sold."""
    items = sold(product_trends)
    clients = read_clients(client_items, client_profiles, items)
    parameters = parameters_of(company)
    versions = by_version(parameters, clients.names, clients.active, experiment_assignments)
    shop = _Shop.of(clients, items, versions, similar_clients, parameters)
    v4 = None
    if V4 in versions:
        history = read_history(days.last, order_lines, product_trends, warehouse)
        v4 = _V4.of(history, shop, similar_clients)

    return _in_blocks(days, shop, v4, clients.active)


def candidates_of_some(
    parameters: ReplenishmentParameters,
    days: Days,
    client_items: pa.Table,
    client_profiles: pa.Table,
    product_trends: pa.Table,
    similar_clients: pa.Table,
    wanted: Names,
) -> pa.RecordBatchReader:
    """The same rows of some clients alone, where no model and no experiment is in use."""
    items = sold(product_trends)
    clients = read_clients(client_items, client_profiles, items)
    versions: dict[str, Ints] = {parameters.version: clients.active}
    shop = _Shop.of(clients, items, versions, similar_clients, parameters)
    return _in_blocks(days, shop, None, clients.active_of(wanted))


def _in_blocks(days: Days, shop: _Shop, v4: _V4 | None, these: Ints) -> pa.RecordBatchReader:
    def rows(block: Ints) -> pa.RecordBatch:
        return _rows(days, shop, v4, block)

    made: Iterator[pa.RecordBatch] = each_block(rows, these, shop.clients.names, "Finding candidates")
    return pa.RecordBatchReader.from_batches(spec_of(ReplenishmentCandidates).arrow_schema, made)


@dataclass(frozen=True, eq=False)
class _Shop:
    """Clients and the items that are sold, as numbers: places among sorted names."""

    clients: Clients
    items: Names
    bought: sp.csr_matrix
    known: sp.csr_matrix
    own: sp.csr_matrix
    """What each bought that is a candidate whoever else finds it."""
    popular: Ints
    neighbours: dict[str, Tally]
    """By measure."""
    measured: dict[str, Ints]
    """By measure, the clients whose discoveries are scored by it."""
    most: int

    @classmethod
    def of(
        cls,
        clients: Clients,
        items: Names,
        versions: Mapping[str, Ints],
        similar_clients: pa.Table,
        parameters: ReplenishmentParameters,
    ) -> _Shop:
        buys = at_least(clients.habits.orders, 1)
        return cls(
            clients,
            items,
            buys,
            clients.known,
            _most(clients.strength, parameters.most_repurchases),
            _popular(buys[clients.active]),
            {
                measure: tally(buys, clients.known, neighbours_in(similar_clients, measure, clients.names))
                for measure in sorted({OWN_MEASURE[version] for version in versions})
            },
            {OWN_MEASURE[version]: these for version, these in versions.items()},
            parameters.candidates_per_client,
        )

    @property
    def width(self) -> int:
        return max(1, len(self.items))

    def keys(self, client: Ints, item: Ints) -> Ints:
        return client * self.width + item

    def found(self, measure: str, these: Ints) -> Unknown:
        return bought_by_neighbours(self.neighbours[measure], these, self.most, cores())


def _most(strength: sp.csr_matrix, count: int) -> sp.csr_matrix:
    """The strongest habits of each client; equal ones in the order of items."""
    at = np.sort(largest_entries(strength, count, above=0))
    first = np.searchsorted(at, strength.indptr)
    return sp.csr_matrix((strength.data[at], strength.indices[at], first), shape=strength.shape)


def _popular(bought: sp.csr_matrix) -> Ints:
    buyers = np.bincount(bought.indices, minlength=bought.shape[1])
    order = np.lexsort((np.arange(len(buyers)), -buyers))[:POPULAR]
    return order[buyers[order] > 0]


@dataclass(frozen=True, eq=False)
class _V4:
    found: Sources
    sold: Bools
    client: Ints
    """Of each client of the shop, its number in the log; -1 of who kept nothing."""
    item: Ints
    """Of each item of the log, its number in the shop; -1 where it is not sold any more."""

    @classmethod
    def of(cls, history: History, shop: _Shop, similar_clients: pa.Table) -> _V4:
        log, names = history.log, pa.chunked_array([history.log.clients])
        near = near_of({measure: neighbours_in(similar_clients, measure, names) for measure in TEMPORAL})
        found = sources(log, settings(), history.as_of, history.attributes, near=near)
        all_items: Any = shop.items.combine_chunks()
        item = places_of(pa.chunked_array([log.items]), all_items)
        return cls(found, item >= 0, places_of(shop.clients.names, log.clients), item)

    def candidates(self, these: Ints) -> tuple[Ints, Ints, dict[str, Floats]]:
        """Client and item as the shop numbers them, and the score of each source."""
        numbers = self.client[these]
        there = numbers >= 0
        chosen = candidates(self.found, numbers[there], settings(), self.sold)
        of_number = np.full(len(self.found.own.log.clients), -1)
        of_number[numbers[there]] = these[there]
        scores = {name: chosen.scores[name].astype(np.float64) for name in SOURCES}
        return of_number[chosen.client], self.item[chosen.item], scores


def _rows(days: Days, shop: _Shop, v4: _V4 | None, these: Ints) -> pa.RecordBatch:
    """Of some clients, by client and item."""
    bought = np.sort(_keys(shop, shop.bought, these))
    ordered = np.sort(_keys(shop, shop.known, these))
    found = {measure: shop.found(measure, these) for measure in shop.neighbours}
    keys = [shop.keys(np.repeat(these, len(shop.popular)), np.tile(shop.popular, len(these)))]
    keys += [shop.keys(one.client, one.item) for one in found.values()]
    never = distinct(np.concatenate(keys))
    never = never[places(ordered, never) < 0]
    looked_at, scores = np.zeros(0, dtype=np.int64), {name: np.zeros(0) for name in SOURCES}
    if v4 is not None:
        client, item, scores = v4.candidates(these)
        looked_at = shop.keys(client, item)
    key = distinct(np.concatenate([_keys(shop, shop.own, these), never, looked_at]))
    is_own = places(bought, key) >= 0
    # What was sent back altogether is neither bought again nor discovered.
    kept = is_own | (places(ordered, key) < 0)
    key, is_own = key[kept], is_own[kept]
    client, item = parts(key, shop.width)
    neighbours, share = _of_neighbours(shop, found, client, key)
    source = places(looked_at, key)
    columns: dict[str, Any] = {
        "as_of": pa.repeat(pa.scalar(days.last, pa.date32()), len(key)),
        "customer_id": shop.clients.names.take(client).combine_chunks(),
        "item_id": shop.items.take(item).combine_chunks(),
        "kind": pa.array([DISCOVERY, REPURCHASE]).take(is_own.astype(np.int64)),
        "neighbours": neighbours,
        "neighbour_share": share,
        **{name: _at(score, source) for name, score in scores.items()},
    }
    schema = spec_of(ReplenishmentCandidates).arrow_schema
    return pa.RecordBatch.from_pydict({name: columns[name] for name in schema.names}, schema)


def _keys(shop: _Shop, matrix: sp.csr_matrix, these: Ints) -> Ints:
    of = matrix[these].tocoo()
    return shop.keys(these[of.row], of.col.astype(np.int64))


def _of_neighbours(shop: _Shop, found: dict[str, Unknown], client: Ints, key: Ints) -> tuple[Ints, Floats]:
    """How many similar clients buy what the client never did, and their share: as its own version finds them."""
    neighbours, share = np.zeros(len(key), dtype=np.int64), np.zeros(len(key))
    for measure, one in found.items():
        its = shop.keys(one.client, one.item)
        order = np.argsort(its)
        place = places(its[order], key)
        there = np.flatnonzero((place >= 0) & np.isin(client, shop.measured[measure]))
        at = order[place[there]]
        neighbours[there], share[there] = one.neighbours[at], one.share[at]
    return neighbours, share


def _at(score: Floats, place: Ints) -> pa.Array[Any]:
    """NULL where there is none."""
    there = place >= 0
    values = np.zeros(len(place))
    values[there] = score[place[there]]
    return pa.array(values, mask=~there)
