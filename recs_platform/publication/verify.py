"""Reading back what was published, from its table and through the serving stores: is what customers see what was meant
to be live?"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any

import orjson

from recs_platform.declarations.product import PUBLISHED, AnyProduct
from recs_platform.errors import DamageError, MissingSliceError, StorageError
from recs_platform.platform_db.tables import Publication
from recs_platform.plurals import counted
from recs_platform.publication import inventory
from recs_platform.publication.outlet import Outlet
from recs_platform.publication.serve import draft_of, layout_of
from recs_platform.serving_store.content import digest_of, plain_lists
from recs_platform.serving_store.protocol import ServingStore
from recs_platform.warehouse.point_in_time import View
from recs_platform.warehouse.protocol import BoundQuery, Warehouse
from recs_platform.warehouse.query import parse_query
from recs_platform.warehouse.slices import ALL_DAYS, Days, TableRef

_SAMPLED = 20
"""Customers whose list is compared with the live table's rows, one by one."""
_ROWS_OF_SOME = f"""
SELECT *
FROM {PUBLISHED}
WHERE {{customer}} IN (
  SELECT customer
  FROM (
    SELECT customer, ROW_NUMBER() OVER (ORDER BY customer) - 1 AS place, COUNT(*) OVER () AS customers
    FROM (SELECT DISTINCT {{customer}} AS customer FROM {PUBLISHED}) AS everybody
  ) AS places
  WHERE MOD(place * {_SAMPLED}, customers) < {_SAMPLED} OR place = customers - 1
)
"""


@dataclass(frozen=True)
class Figures:
    """What a version is known by."""

    rows: int
    customers: int | None
    """Of a product that is for customers one by one."""
    as_of: date
    generated_at: datetime

    @property
    def content(self) -> str:
        """What it holds, in words."""
        served = "" if self.customers is None else f" for {counted(self.customers, 'customer')}"
        return f"{counted(self.rows, 'row')}{served} as of {self.as_of}"

    def __str__(self) -> str:
        return f"{self.content}, made {self.generated_at:%Y-%m-%d %H:%M}"


def verify(outlet: Outlet, expected: Publication) -> Figures:
    """The live table and every serving store hold the version that they should, whole."""
    read_back = verify_table(outlet, expected)
    for store in outlet.stores:
        verify_served(outlet, store, expected)
    return read_back


def verify_table(outlet: Outlet, expected: Publication) -> Figures:
    """The version, row count, customers, day, time of making and every stored byte must be those of the inventory."""
    history = outlet.warehouse.versions(outlet.live)
    change = next(inventory.changes(history), None)
    newest = next(iter(inventory.commits([change])), None) if change else None
    unchanged = change is None and inventory.forgotten(history, expected)
    if newest != expected.version and not unchanged:
        what = f"made version {newest} live" if newest else "was not made by publishing"
        raise StorageError(
            f"{outlet.live}: version {expected.version} should be live, but the newest change of the table {what}. "
            "Publish or roll back."
        )
    checksum = outlet.warehouse.checksum(outlet.live)
    read_back = figures(outlet.product, outlet.warehouse, outlet.live)
    promised = figures_of(expected)
    if read_back != promised:
        raise StorageError(
            f"{outlet.live}: version {expected.version} reads back as {read_back}, but should read {promised}. Roll "
            "back."
        )
    # A version that went live before checksums were taken is known by its figures alone.
    if expected.checksum not in (None, checksum):
        raise DamageError(
            f"{outlet.live}: version {expected.version} is live, but is not what was compared: what is stored is not "
            f"what it was. Publish {expected.as_of} again, or roll back."
        )
    return read_back


def verify_served(outlet: Outlet, store: ServingStore, expected: Publication) -> None:
    """What is read back through a serving store must be the version, whole, and what some customers get the rows of the
    live table."""
    served = store.served(outlet.company, outlet.product.name)
    if served is None or served.draft != draft_of(outlet, expected):
        number = f"version {served.version} of {served.as_of}" if served else "nothing"
        raise StorageError(
            f"{outlet.name}: {store.name} serves {number}, not version {expected.version}. Bring it in line: "
            f"recs publications {outlet.company}{outlet.product.option}"
        )
    repair = f"Publish {expected.as_of} again, or roll back."
    with store.lists(served) as chunks:
        stored = digest_of(chunks)
    if (stored.customers, str(stored)) != (served.customers, served.digest):
        raise DamageError(
            f"{outlet.name}: {store.name} holds {counted(stored.customers, 'list')} of version {expected.version}, "
            f"which are not the {counted(served.customers, 'list')} that were loaded. {repair}"
        )
    for customer, content in _some_lists(outlet).items():
        answer = store.customer(outlet.company, outlet.product.name, customer)
        if answer is None or orjson.loads(answer.content) != content:
            raise DamageError(
                f"{outlet.name}: {store.name} serves a customer other rows of version {expected.version} than "
                f"{outlet.live} has. {repair}"
            )


def _some_lists(outlet: Outlet) -> Mapping[str, Sequence[Mapping[str, Any]]]:
    """What some customers must be served, spread over all of them, by the live table."""
    layout = layout_of(outlet.product)
    if layout.customer is None:
        with outlet.warehouse.read(outlet.live) as everything:
            return plain_lists(everything.read_all(), layout)
    query = parse_query("some_lists", _ROWS_OF_SOME.format(customer=layout.customer), "verify.py", passing=True)
    shown = View(PUBLISHED, outlet.live.spec, ALL_DAYS, required=False)
    asked = BoundQuery(query, outlet.live.dataset, {}, (shown,), company=outlet.live.company)
    with outlet.warehouse.run(asked) as rows:
        return plain_lists(rows.read_all(), layout)


def figures(product: AnyProduct, warehouse: Warehouse, table: TableRef, days: Days = ALL_DAYS) -> Figures:
    """Count a product's table, which must be of one day and one making, and whole."""
    published = View(PUBLISHED, table.spec, days, required=False)
    with warehouse.run(BoundQuery(product.figures, table.dataset, {}, (published,), company=table.company)) as reader:
        (row,) = reader.read_all().to_pylist()
    if not row["row_count"]:
        when = "" if days == ALL_DAYS else f" for {days}"
        raise MissingSliceError(f"{table} has no rows{when}: there is nothing to publish.")
    if row["first_day"] != row["last_day"] or row["oldest"] != row["newest"]:
        raise StorageError(
            f"{table} mixes rows of {row['first_day']} to {row['last_day']}, made {row['oldest']} to {row['newest']}; "
            "a version is of one day. Make the day again, or roll back."
        )
    if row["flaw"]:
        raise StorageError(f"{table} {row['flaw']}. Make {row['last_day']} again, or roll back.")
    return Figures(row["row_count"], row["customers"], row["last_day"], row["newest"].replace(tzinfo=UTC))


def figures_of(publication: Publication) -> Figures:
    """What the inventory says of a version."""
    return Figures(publication.rows, publication.customers, publication.as_of, publication.generated_at)
