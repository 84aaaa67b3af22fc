"""What is live, a customer at a time: where the customer is reached and what its list holds, streamed."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import date
from itertools import groupby
from operator import itemgetter
from typing import Any, TypeAlias

import pyarrow as pa

from recs_platform.companies.model import Company
from recs_platform.declarations.product import MESSAGE_ITEM, PUBLISHED, RECIPIENT
from recs_platform.errors import StorageError
from recs_platform.publication.outlet import Outlet
from recs_platform.schemas.sources import Catalog, Customers
from recs_platform.schemas.table import spec_of
from recs_platform.warehouse.point_in_time import View
from recs_platform.warehouse.protocol import BoundQuery
from recs_platform.warehouse.query import Query
from recs_platform.warehouse.slices import ALL_DAYS, Days
from recs_platform.warehouse.values import Values

Row: TypeAlias = tuple[Any, ...]


@dataclass(frozen=True)
class ListedItem:
    rank: int
    item_id: str | None
    offer_id: str | None
    ends_on: date | None
    discount: float | None
    price: float | None
    name: str | None
    image_url: str | None


@dataclass(frozen=True)
class CustomerList:
    customer_id: str
    address: str | None
    reason: str | None
    """Why there is no address."""
    items: tuple[ListedItem, ...]
    """By their rank."""


@contextmanager
def customer_lists(outlet: Outlet, company: Company, channel: str, as_of: date) -> Iterator[Iterator[CustomerList]]:
    """Every customer of what is live. Addresses and wishes are the newest that are known; names, prices and pictures
    are of the day that is live."""
    messages = outlet.product.messages
    assert messages is not None  # noqa: S101  (asked before)
    customers, catalog = spec_of(Customers), spec_of(Catalog)
    published = View(PUBLISHED, outlet.product.live, ALL_DAYS, required=False)
    newest = View(customers.name, customers, ALL_DAYS, required=False, latest=True)
    of_day = View(catalog.name, catalog, Days(ALL_DAYS.first, as_of), required=False, latest=True)
    with ExitStack() as opened:

        def run(query: Query, views: tuple[View, ...], values: Values) -> Iterator[Row]:
            bound = BoundQuery(query, outlet.dataset, values, views, company=company.name)
            return _rows(opened.enter_context(outlet.warehouse.run(bound)))

        recipients = run(messages.recipients, (published, newest), {"channel": channel})
        items = run(messages.items, (published, of_day), {})
        yield _joined(outlet, recipients, items)


def _rows(reader: pa.RecordBatchReader) -> Iterator[Row]:
    for batch in reader:
        yield from zip(*(column.to_pylist() for column in batch.columns), strict=True)


def _joined(outlet: Outlet, recipients: Iterator[Row], items: Iterator[Row]) -> Iterator[CustomerList]:
    """Both are in the order of the customers, and of the same ones."""
    lists = groupby(items, key=itemgetter(MESSAGE_ITEM.index("customer_id")))
    for customer, address, reason in recipients:
        of, rows = next(lists, (None, iter(())))
        if of != customer:
            raise StorageError(f"{outlet.live} has changed while it was read. Run the export again.")
        yield CustomerList(customer, address, reason, tuple(ListedItem(*row[1:]) for row in rows))
    if next(lists, None) is not None:
        raise StorageError(f"{outlet.live} has changed while it was read. Run the export again.")


assert RECIPIENT == ("customer_id", "address", "reason")  # noqa: S101  (the order in which rows are taken apart)
