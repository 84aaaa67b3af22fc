"""Weekly lists in small: rows of the tables that they are made of, and the rules of a list said plainly.

Not here: the world that is simulated (worlds.py).
"""

from __future__ import annotations

import datetime
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any

import duckdb
import pyarrow as pa

from recs_platform import __version__
from recs_platform.schemas.replenishment import (
    DISCOVERY,
    REPURCHASE,
    ClientItems,
    ClientProfiles,
    ProductTrends,
    ReplenishmentScores,
)
from recs_platform.schemas.table import Table, spec_of
from recs_platform.strategies.replenishment.parameters import ReplenishmentParameters
from recs_platform.warehouse.lake.compile import duckdb_sql
from recs_platform_tests.sql.case import arrow_rows
from recs_platform_tests.sql.queries import platform_queries

DAY = date(2025, 9, 10)
Listed = tuple[str, str]
"""An item of a list, and its kind."""


@dataclass(frozen=True)
class Scored:
    item: str
    kind: str
    score: float


@dataclass(frozen=True)
class SmallShop:
    """Clients with what scored for them, and what is known of items."""

    scores: Mapping[str, Sequence[Scored]]
    groups: Mapping[str, str | None]
    """Of every item that is known."""
    bought: frozenset[tuple[str, str]] = frozenset()
    """Client and item; what is scored as a repurchase counts as bought anyway."""
    discontinued: frozenset[str] = frozenset()
    inactive: frozenset[str] = field(default_factory=frozenset)

    def has_bought(self, client: str) -> set[str]:
        scored = {scored.item for scored in self.scores[client] if scored.kind == REPURCHASE}
        return scored | {item for buyer, item in self.bought if buyer == client}

    def tables(self) -> dict[type[Table], list[dict[str, Any]]]:
        return {
            ReplenishmentScores: [
                {"customer_id": client, "item_id": s.item, "kind": s.kind, "score": s.score, "version": "v32"}
                for client, scores in self.scores.items()
                for s in scores
            ],
            ClientProfiles: [{"customer_id": c, "is_active": c not in self.inactive} for c in self.scores],
            ClientItems: [
                {"customer_id": client, "item_id": item, "orders": 1}
                for client in self.scores
                for item in sorted(self.has_bought(client))
            ],
            ProductTrends: [
                {"item_id": item, "group_id": group, "is_discontinued": item in self.discontinued}
                for item, group in self.groups.items()
            ],
        }


def plain_list(shop: SmallShop, client: str, parameters: ReplenishmentParameters) -> list[Listed]:
    """The rules of a list as somebody would keep them by hand: one item after the other, as long as there is room."""
    if client in shop.inactive:
        return []
    bought, taken = shop.has_bought(client), Counter[str]()
    chosen: list[Scored] = []
    by_score = sorted(shop.scores[client], key=lambda scored: (-scored.score, scored.item))
    possible = [s for s in by_score if s.item in shop.groups and s.item not in shop.discontinued]
    repurchases = [s for s in possible if s.kind == REPURCHASE]
    discoveries = [s for s in possible if s.kind == DISCOVERY and s.item not in bought]
    places = parameters.repurchases_per_client + parameters.discoveries_per_client

    def fill(candidates: Sequence[Scored], until: int) -> None:
        for scored in candidates:
            group = shop.groups[scored.item]
            if len(chosen) < until and scored not in chosen and (not group or taken[group] < parameters.max_per_group):
                chosen.append(scored)
                taken[group or ""] += 1

    fill(repurchases, parameters.repurchases_per_client)
    fill(discoveries, places)
    fill(repurchases, places)
    chosen.sort(key=lambda scored: (scored.kind == DISCOVERY, -scored.score, scored.item))
    return [(scored.item, scored.kind) for scored in chosen]


def computed_lists(shop: SmallShop, parameters: ReplenishmentParameters) -> dict[str, list[Listed]]:
    """What the query gives: each client's list, in the order of ranks."""
    values = {**dict(parameters), "as_of": DAY, "pipeline_version": __version__}
    connection = duckdb.connect()
    for model, rows in shop.tables().items():
        connection.register(spec_of(model).name, arrow(model, rows))
    query = platform_queries()["weekly_recommendations"]
    rows = connection.execute(duckdb_sql(query, values)).to_arrow_reader(1000).read_all().to_pylist()
    connection.close()
    found: dict[str, list[Listed]] = {client: [] for client in shop.scores}
    for row in sorted(rows, key=lambda row: (row["customer_id"], row["rank"])):
        found[row["customer_id"]].append((row["item_id"], row["kind"]))
        assert row["rank"] == len(found[row["customer_id"]])
        assert row["generated_at"].date() == DAY
    return found


def arrow(model: type[Table], rows: list[dict[str, Any]], day: datetime.date = DAY) -> pa.Table:
    """Rows that say only what matters."""
    spec = spec_of(model)
    return arrow_rows(spec, rows, day, list(spec.columns))
