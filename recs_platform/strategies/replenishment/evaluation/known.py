"""The platform's own tables over what is known on one day, in memory: the same queries and functions as every week.

Nothing counts as new or as discontinued: which catalog stood on a past day is not known for every company. Items are
what was ordered; the catalog lends them their group, brand and price.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from recs_platform.companies.model import Company
from recs_platform.companies.query_parameters import query_parameters
from recs_platform.schemas import replenishment as schemas
from recs_platform.schemas.feedback import IgnoredItems
from recs_platform.schemas.sources import Catalog
from recs_platform.schemas.table import Table, TableSpec, spec_of
from recs_platform.strategies.replenishment.candidates import candidates_of_some
from recs_platform.strategies.replenishment.client_habits import Names
from recs_platform.strategies.replenishment.evaluation.trial import Kept
from recs_platform.strategies.replenishment.neighbours import similar_of_some
from recs_platform.strategies.replenishment.parameters import parameters_of
from recs_platform.warehouse.lake.in_memory import InMemory, in_memory
from recs_platform.warehouse.query import Query, load_queries, sql_folder
from recs_platform.warehouse.slices import Days
from recs_platform.warehouse.values import Value

TRENDS, CANDIDATES = "product_trends", "replenishment_candidates"
SCORES, LISTS = "replenishment_scores", "weekly_recommendations"
_MODELS = (schemas.ClientDays, schemas.ClientItems, schemas.ClientProfiles, schemas.ProductTrends)
_HABITS = tuple(spec_of(model).name for model in _MODELS)
_ITEM = ("item_id", "group_id", "brand", "price")


@dataclass(frozen=True, eq=False)
class Known:
    memory: InMemory
    company: Company
    kept: Kept

    @property
    def profiles(self) -> pa.Table:
        return self.memory.rows("client_profiles")

    @property
    def trends(self) -> pa.Table:
        return self.memory.rows(TRENDS)

    def scores_of(self, version: str) -> None:
        """Of a version without a model, as the platform scores: of the clients who are judged."""
        company = of_version(self.company, version)
        parameters, days = parameters_of(company), Days.one(self.kept.as_of)
        items, profiles, trends = (self.memory.rows(name) for name in ("client_items", "client_profiles", TRENDS))
        self._start_over()
        near = similar_of_some(parameters, days, items, profiles, self._judged)
        self.memory.add(
            spec_of(schemas.ReplenishmentCandidates),
            candidates_of_some(parameters, days, items, profiles, trends, near, self._judged),
        )
        self._query(SCORES, company)

    @property
    def _judged(self) -> Names:
        """The clients who are judged, by name: nobody else needs candidates, whatever was ordered by whom."""
        return pa.chunked_array([self.kept.seen.clients.take(self.kept.holdout.clients)])

    def scores_given(self, rows: pa.Table) -> None:
        """Those of a model."""
        self._start_over()
        self.memory.add(spec_of(schemas.ReplenishmentScores), rows)

    def ranking(self, length: int) -> pa.Table:
        """The best by score; kinds that are not on one scale are one after the other, as in lists."""
        return self.memory.ask(
            f"""SELECT customer_id, item_id, row_number() OVER (
                PARTITION BY customer_id ORDER BY kind <> '{schemas.REPURCHASE}', score DESC, item_id) AS rank
            FROM {SCORES} QUALIFY rank <= {length}"""
        )

    def lists(self, version: str) -> pa.Table:
        """As clients get them."""
        self._query(LISTS, of_version(self.company, version))
        return self.memory.ask(f"SELECT customer_id, item_id, rank FROM {LISTS}")

    def _start_over(self) -> None:
        self.memory.drop(CANDIDATES, SCORES, LISTS)

    def _query(self, name: str, company: Company) -> None:
        query = _queries()[name]
        self._provide(query.tables)
        self.memory.make(name, query, self._values(company))

    def _provide(self, names: Iterable[str]) -> None:
        """What an evaluation knows nothing of, such as experiments, is empty."""
        for name in names:
            if name not in self.memory:
                self.memory.add(_specs()[name])

    def _values(self, company: Company) -> Mapping[str, Value]:
        return {**query_parameters(company), "as_of": self.kept.as_of}


@contextmanager
def known(company: Company, kept: Kept, items: pa.Table) -> Iterator[Known]:
    """`items` says of items what the catalog does: group, brand and price."""
    with in_memory() as memory:
        found = Known(memory, company, kept)
        memory.add(spec_of(schemas.OrderLines), kept.order_lines)
        memory.add(spec_of(Catalog), _described(kept.order_lines, items))
        for name in _HABITS:
            found._query(name, company)
        yield found


def of_version(company: Company, version: str) -> Company:
    """The company with all clients of one version, and without an experiment."""
    update: dict[str, Any] = {"version": version, "experiment": None, "experiment_shares": {}}
    parameters = company.parameters.model_copy(update=update)
    return company.model_copy(update={"parameters": parameters})


def items_of(catalog: pa.Table) -> pa.Table:
    """What the evaluation takes from a catalog, or from `product_trends`."""
    groups = catalog["group_id"]
    if "category" in catalog.column_names:
        groups = pc.coalesce(groups, catalog["category"])
    return pa.table([catalog["item_id"], groups, catalog["brand"], catalog["price"]], names=list(_ITEM))


def no_items() -> pa.Table:
    return pa.table({name: pa.array([], pa.float64() if name == "price" else pa.string()) for name in _ITEM})


def _described(order_lines: pa.Table, items: pa.Table) -> pa.Table:
    """A catalog of what was ordered, and of nothing else; none at all where nothing is known of items."""
    if not items.num_rows:
        return items
    ordered = order_lines.select(["item_id"]).group_by("item_id").aggregate([])
    return ordered.join(items, "item_id", join_type="left outer").sort_by("item_id")


@lru_cache(maxsize=1)
def _queries() -> Mapping[str, Query]:
    return load_queries(sql_folder() / "replenishment")


@lru_cache(maxsize=1)
def _specs() -> Mapping[str, TableSpec]:
    """Tables that a query may ask for and that an evaluation has no row of."""
    models = [one for one in vars(schemas).values() if isinstance(one, type) and issubclass(one, Table)]
    specs = {spec_of(model).name: spec_of(model) for model in (*models, IgnoredItems) if model is not Table}
    return {**specs, "catalog_before": replace(spec_of(Catalog), name="catalog_before")}
