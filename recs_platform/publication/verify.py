"""Reading a published table back: is what customers see what was meant to be live?"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime

from recs_platform.declarations.product import PUBLISHED, AnyProduct
from recs_platform.errors import DamageError, MissingSliceError, StorageError
from recs_platform.platform_db.tables import Publication
from recs_platform.plurals import counted
from recs_platform.publication import inventory
from recs_platform.publication.outlet import Outlet
from recs_platform.warehouse.point_in_time import View
from recs_platform.warehouse.protocol import BoundQuery, Warehouse
from recs_platform.warehouse.slices import ALL_DAYS, Days, TableRef


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
    for store in outlet.stores:
        served = store.served_version(outlet.company, outlet.product.name)
        if served != expected.version:
            raise StorageError(
                f"{outlet.name}: {store.name} serves version {served}, not {expected.version}. Roll back."
            )
    return read_back


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
